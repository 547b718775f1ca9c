/** From what a scenario says of a load's messages to the driver's plan of them, files read and texts checked. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { MESSAGE_HEADER } from '../core/identity.ts';
import { nearest } from '../core/nearest.ts';
import type { ContentPlan } from '../driver/message/content.ts';
import { type Eml, emlProblem, LONGEST_LINE } from '../driver/message/eml.ts';
import { PLACEHOLDERS, placeholdersIn, tightened } from '../driver/message/placeholders.ts';
import type { MessagePlan } from '../driver/message.ts';
import type { MessageWish } from './message-schema.ts';

/** What of a scenario messages depend on besides their own settings. */
export interface MessageSetting {
  /** The load's name. */
  readonly load: string;
  /** The scenario's file; .eml files are seen from its folder. */
  readonly file: string;
  readonly senders: readonly { readonly domain: string; readonly dkim: 'auto' | 'none' }[];
  readonly vmtas: readonly string[];
}

/** Reports what is wrong below `load.message`. */
type Fault = (path: readonly PropertyKey[], message: string) => void;

/** All files of a load together: they are part of the plan, and of the run's folder. */
const MOST_EML_BYTES = 10e6;

/** The most that a placeholder is counted for in a line's length: the longest address (RFC 5321 section 4.5.3.1). */
const LONGEST_VALUE = 320;

/** Fields that the harness sets, and the key that asks for them where there is one. */
const OWN_FIELDS: Readonly<Record<string, string>> = {
  from: 'it is the sender, who signs; see senders',
  to: 'it names the recipients',
  bcc: 'a recipient who is not named is one of no message here',
  'message-id': "it carries the message's number",
  [MESSAGE_HEADER.toLowerCase()]: "it carries the message's number",
  date: 'it is the time of the run',
  'dkim-signature': 'use the key "dkim"',
  subject: 'use the key "subject"',
  'feedback-id': 'use the key "feedback-id"',
  'list-unsubscribe': 'use the key "unsubscribe"',
  'list-unsubscribe-post': 'use the key "unsubscribe"',
  'mime-version': 'it belongs to the content',
  'content-type': 'it belongs to the content',
  'content-transfer-encoding': 'it belongs to the content',
  received: 'mail servers add it',
  'return-path': 'mail servers add it',
};

const DEFAULT_TEXT = 'News of the wind tunnel.';
const DEFAULT_HTML = '<html><body><p>News of the wind tunnel.</p></body></html>';

/** Plans a load's messages. `fault`: takes paths below `load.message`. */
export function planMessages(wish: MessageWish, setting: MessageSetting, fault: Fault): MessagePlan {
  const headers = plannedHeaders(wish, setting, fault);
  const text = (key: 'text' | 'html'): string | undefined => {
    const found = wish[key];
    if (found !== undefined) checkPlaceholders([key], found, setting, fault);
    return found === undefined ? undefined : tightened(found);
  };
  return {
    load: setting.load,
    size: wish.size ?? { kind: 'uniform', min: 2000, max: 2000 },
    content: plannedContent(wish, text('text'), text('html'), setting.file, fault),
    recipients: wish.recipients,
    senders: setting.senders.map(({ domain, dkim }) => ({ domain, signed: dkim === 'auto' })),
    vmtas: setting.vmtas,
    headers,
    unsubscribe: wish.unsubscribe,
    dkim: wish.dkim,
  };
}

function plannedContent(
  wish: MessageWish,
  text: string | undefined,
  html: string | undefined,
  file: string,
  fault: Fault,
): ContentPlan {
  const content = wish.content ?? (html === undefined ? 'text' : 'html');
  switch (content) {
    case 'text':
      if (html !== undefined) fault(['html'], 'content: text has no "html"');
      return { kind: 'text', text: text ?? DEFAULT_TEXT };
    case 'html':
      return { kind: 'html', text: text ?? DEFAULT_TEXT, html: html ?? DEFAULT_HTML };
    case 'attachment':
      return { kind: 'attachment', text: text ?? DEFAULT_TEXT, html };
    default: {
      const unwanted = { size: wish.size, text, html };
      for (const [key, value] of Object.entries(unwanted))
        if (value !== undefined) fault([key], `content: eml has no "${key}"; the files have their own`);
      return { kind: 'eml', files: readEmls(content.eml, dirname(file), fault) };
    }
  }
}

function readEmls(paths: readonly string[], folder: string, fault: Fault): Eml[] {
  const files: Eml[] = [];
  let room = MOST_EML_BYTES;
  for (const path of paths) {
    const wrong = (problem: string): void => fault(['content', 'eml'], `${path}: ${problem}`);
    try {
      const text = readFileSync(resolve(folder, path), 'latin1');
      const problem = emlProblem(text);
      if (problem !== undefined) wrong(problem);
      room -= text.length;
      if (room < 0) {
        wrong(`the files have more than ${MOST_EML_BYTES / 1e6} MB together`);
        break;
      }
      files.push({ file: path, text });
    } catch (error) {
      wrong(`can't read it: ${messageOf(error)}`);
    }
  }
  return files;
}

function plannedHeaders(wish: MessageWish, setting: MessageSetting, fault: Fault): MessagePlan['headers'] {
  const fields: { name: string; value: string; path: readonly string[] }[] = [];
  // A file has its own subject, unless the scenario gives one.
  const isFile = typeof wish.content === 'object';
  const subject = wish.subject ?? (isFile ? undefined : 'windtunnel message {{message}}');
  if (subject !== undefined) fields.push({ name: 'Subject', value: subject, path: ['subject'] });
  const feedback = wish['feedback-id'];
  if (feedback !== undefined) fields.push({ name: 'Feedback-ID', value: feedback, path: ['feedback-id'] });
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(wish.headers)) {
    const path = ['headers', name];
    const key = name.toLowerCase();
    const own = OWN_FIELDS[key];
    if (!/^[!-9;-~]+$/.test(name)) fault(path, 'a field name is printable ASCII without blanks and colons');
    else if (own !== undefined) fault(path, `${name} can't be set: ${own}`);
    else if (seen.has(key)) fault(path, `${name} is given twice`);
    seen.add(key);
    fields.push({ name, value, path });
  }
  for (const { name, value, path } of fields) {
    checkPlaceholders(path, value, setting, fault);
    checkValue(path, name, value, fault);
  }
  return fields.map(({ name, value }) => ({ name, value: tightened(value).trim() }));
}

/** RFC 5322 section 2.2: one line, of which no unbreakable piece is longer than a line may be. */
function checkValue(path: readonly string[], name: string, value: string, fault: Fault): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\x00-\x08\n-\x1f\x7f]/.test(value)) fault(path, 'found a line break or another control character');
  const longest = Math.max(
    ...tightened(value)
      .split(/[\t ]+/)
      .map((piece) => piece.replace(/\{\{[^{}]*\}\}/g, ' '.repeat(LONGEST_VALUE)).length),
  );
  if (name.length + 2 + longest > LONGEST_LINE)
    fault(path, `found ${longest} characters without a blank; a line has at most ${LONGEST_LINE}`);
}

/** Says what is wrong with the placeholders of a text. */
function checkPlaceholders(
  path: readonly string[],
  text: string,
  { load, vmtas }: MessageSetting,
  fault: Fault,
): void {
  const known = Object.keys(PLACEHOLDERS);
  for (const name of new Set(placeholdersIn(text))) {
    if (!Object.hasOwn(PLACEHOLDERS, name)) {
      const near = nearest(name, known);
      const hint = near ? `did you mean {{${near}}}?` : `expected one of ${known.join(', ')}`;
      fault(path, `unknown placeholder {{${name}}}; ${hint}`);
    }
    const named = name === 'load' ? [load] : name === 'vmta' ? vmtas : [];
    const odd = named.find((value) => !/^[a-z0-9][\w.+@-]*$/i.test(value));
    if (odd !== undefined)
      fault(path, `{{${name}}} would be "${odd}"; expected letters, digits and . _ + - @ alone`);
  }
}
