/**
 * What messages say. The content is prepared once: a beginning that is personal, then lines that only make up the
 * size, then an end. A message of any size takes the beginning and the last so many bytes of the rest, so that MIME
 * boundaries and the end of the HTML are in place and nothing is built for each message.
 */
import MailComposer from 'nodemailer/lib/mail-composer';
import { type Eml, readEml } from './eml.ts';
import { type Field, fieldsOf } from './header.ts';
import { placeholdersIn } from './placeholders.ts';

/** What the messages of a load say; texts may have placeholders. */
export type ContentPlan =
  | { readonly kind: 'text'; readonly text: string }
  /** multipart/alternative. */
  | { readonly kind: 'html'; readonly text: string; readonly html: string }
  /** multipart/mixed with one attachment, which takes up the size. */
  | { readonly kind: 'attachment'; readonly text: string; readonly html: string | undefined }
  /** Files in turn, as they are. */
  | { readonly kind: 'eml'; readonly files: readonly Eml[] };

/** A content that is ready to be filled in, not dot-stuffed, lines ending in CRLF. */
export interface Content {
  /** The fields that belong to the content. */
  readonly fields: readonly Field[];
  /** The beginning of the body, with placeholders. */
  readonly start: string;
  /** One line of what makes up the size; '' if the size is given. */
  readonly filler: string;
  readonly end: string;
}

const FOX = 'The quick brown fox jumps over the lazy dog, and the mail goes through';
const TEXT_FILLER = `${FOX}.\r\n`;
const HTML_FILLER = `<p>${FOX.slice(0, 60)}.</p>\r\n`;
/** 57 bytes make a full line of base64 (RFC 2045 section 6.8). */
const BASE64_FILLER = `${Buffer.from(FOX.slice(0, 57)).toString('base64')}\r\n`;

/** Marks the place of the filler while the message is composed. */
const FILLER = '{{filler}}';
const FILLER_BASE64 = Buffer.from(FILLER).toString('base64');

/**
 * Prepares a load's contents, of which messages take one after the other.
 * @param replaced names of the header fields that messages get from elsewhere
 */
export async function prepareContents(plan: ContentPlan, replaced: readonly string[]): Promise<Content[]> {
  switch (plan.kind) {
    case 'text':
      return [await compose({ text: endedLine(plan.text) + FILLER }, FILLER, TEXT_FILLER)];
    case 'html':
      return [
        await compose({ text: endedLine(plan.text), html: withFiller(plan.html) }, FILLER, HTML_FILLER),
      ];
    case 'attachment': {
      const { text, html } = plan;
      const attachments = [{ filename: 'attachment.bin', content: Buffer.from(FILLER) }];
      const parts = {
        text: endedLine(text),
        ...(html !== undefined && { html: endedLine(html) }),
        attachments,
      };
      return [await compose(parts, FILLER_BASE64, BASE64_FILLER)];
    }
    case 'eml':
      return plan.files.map(({ text }) => {
        const { fields, body } = readEml(text, replaced);
        return { fields, start: '', filler: '', end: body };
      });
  }
}

/** Lets the library encode the parts and put them together, and cuts the result where the filler goes. */
async function compose(
  parts: { text: string; html?: string; attachments?: { filename: string; content: Buffer }[] },
  mark: string,
  filler: string,
): Promise<Content> {
  const mail = await new MailComposer({
    ...parts,
    encoding: 'quoted-printable',
    baseBoundary: 'windtunnel',
  })
    .compile()
    .build();
  const mime = mail.toString('latin1').replace(/\r?\n/g, '\r\n');
  const split = mime.indexOf('\r\n\r\n');
  const body = mime.slice(split + 4);
  const at = body.indexOf(mark);
  return {
    fields: fieldsOf(mime.slice(0, split)).filter(({ name }) => /^(MIME-Version|Content-.*)$/i.test(name)),
    start: withLooseMarks(body.slice(0, at)),
    filler,
    // The mark's own line ends in the filler's CRLF.
    end: withLooseMarks(body.slice(at + mark.length).replace(/^\r\n/, '')),
  };
}

/**
 * Gives each placeholder a line of its own between soft breaks (RFC 2045 section 6.7, rule 5), whatever lines the
 * encoder made: values of any length then keep lines short.
 */
function withLooseMarks(quotedPrintable: string): string {
  const soft = '(?:=\\r\\n)?';
  const mark = new RegExp(`\\{${soft}\\{((?:[a-zA-Z]|=\\r\\n)+)\\}${soft}\\}`, 'g');
  return quotedPrintable.replace(mark, (_, name: string) => `=\r\n{{${name.replaceAll('=\r\n', '')}}}=\r\n`);
}

function endedLine(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n');
  return lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`;
}

/** The filler goes to the end of what is shown; nothing behind it can be personal. */
function withFiller(html: string): string {
  const text = endedLine(html);
  const at = text.toLowerCase().lastIndexOf('</body>');
  if (at < 0 || placeholdersIn(text.slice(at)).length > 0) return `${text}${FILLER}\n`;
  return `${endedLine(text.slice(0, at))}${FILLER}\n${text.slice(at)}`;
}
