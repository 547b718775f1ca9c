/** Reads mails with parsers that are not ours. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import type { ReturnedMail } from '../../fakes/feedback/mail.ts';
import { asset } from '../../src/core/assets.ts';
import { lacking } from './skip.ts';

/** Programs, how to find out whether they are there, and the packages that have them. */
const PARSERS = {
  sisimai: {
    command: 'perl',
    check: ['-MSisimai', '-e', '1'],
    script: 'sisimai.pl',
    from: 'libsisimai-perl',
  },
  bounceparser: {
    command: 'perl',
    check: ['-MMail::DeliveryStatus::BounceParser', '-e', '1'],
    script: 'bounceparser.pl',
    from: 'libmail-deliverystatus-bounceparser-perl',
  },
  'arf-mime': {
    command: 'python3',
    check: ['-c', 'import arf.arf'],
    script: 'arf-mime.py',
    from: 'arf-mime',
  },
} as const;

/** Where .ci/run puts Python packages. */
const PYTHON = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'windtunnel', 'python');

/** What one of the parsers reads of mails, by their names; undefined: it is not there, and the test is skipped. */
export function readWith(
  t: TestContext,
  name: keyof typeof PARSERS,
  mails: ReadonlyMap<string, ReturnedMail>,
): Map<string, unknown> | undefined {
  const { command, check, script, from } = PARSERS[name];
  const env = { ...process.env, PYTHONPATH: PYTHON };
  if (spawnSync(command, check, { env }).status !== 0) {
    lacking(t, `${from} is not installed`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-mails-'));
  try {
    const paths = new Map([...mails.keys()].map((mail) => [mail, join(folder, `${mail}.eml`)]));
    // As mail lies in a mailbox: with LF.
    for (const [mail, { text }] of mails)
      writeFileSync(paths.get(mail) ?? '', text.replaceAll('\r\n', '\n'), 'latin1');
    const { status, stdout, stderr } = spawnSync(
      command,
      [asset('test', 'support', 'parsers', script), ...paths.values()],
      { env, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const read = JSON.parse(stdout) as Record<string, unknown>;
    return new Map([...paths].map(([mail, path]) => [mail, read[path]]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As the mailroom does: status and embedded messages stay parts. */
export function structureOf({ text }: ReturnedMail): Promise<ParsedMail> {
  return simpleParser(Buffer.from(text, 'latin1'), { keepDeliveryStatus: true, ignoreEmbedded: true });
}

/** Blocks of fields, each field with its value as it stands, as mailparser reads a header. */
export async function fieldsIn(content: unknown): Promise<Record<string, string>[]> {
  const blocks = String(content)
    .trim()
    .split(/\r\n\r\n/);
  return Promise.all(
    blocks.map(async (block) => {
      const { headerLines } = await simpleParser(`${block}\r\n\r\n`);
      return Object.fromEntries(
        headerLines.map(({ key, line }) => [
          key,
          line
            .slice(key.length + 1)
            .replace(/\r\n/g, '')
            .trim(),
        ]),
      );
    }),
  );
}

/** What Sisimai says that is looked at. */
const SISIMAI = [
  ...['smtpagent', 'reason', 'feedbacktype', 'recipient', 'addresser', 'messageid', 'subject'],
  ...['action', 'deliverystatus', 'replycode', 'lhost', 'rhost', 'timestamp'],
] as const;
type Sisimai = Partial<Record<(typeof SISIMAI)[number], string | number>>;
/** One result, with these values. */
export function assertSisimai(read: ReadonlyMap<string, unknown>, name: string, expected: Sisimai): void {
  const found = read.get(name) as Sisimai[];
  const keys = Object.keys(expected) as (keyof Sisimai)[];
  assert.deepEqual(
    found.map((each) => Object.fromEntries(keys.map((key) => [key, each[key]]))),
    [expected],
    name,
  );
}
