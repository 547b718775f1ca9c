/** What the tests of the ISPs share: a profile written to a folder of its own, and an ISP that is made from text. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IspProfile, loadProfile } from '../../../../fakes/isp/profile.ts';
import { type ResolvedIsp, type ResolveOptions, resolveIsp } from '../../../../fakes/isp/resolve.ts';

export const REPLIES = `
- { id: T-greeting, stage: connect, code: 220, enhanced: null, text: hi, class: accepted, source: test, mark: assumed }
- { id: T-ehlo, stage: ehlo, code: 250, enhanced: null, text: hello, class: accepted, source: test, mark: assumed }
- { id: T-helo, stage: ehlo, code: 250, enhanced: null, text: hello, class: accepted, source: test, mark: assumed }
- { id: T-mail, stage: mail, code: 250, enhanced: null, text: sender, class: accepted, source: test, mark: assumed }
- { id: T-rcpt, stage: rcpt, code: 250, enhanced: null, text: recipient, class: accepted, source: test, mark: assumed }
- { id: T-data, stage: data, code: 354, enhanced: null, text: go, class: accepted, source: test, mark: assumed }
- { id: T-dot, stage: dot, code: 250, enhanced: null, text: taken, class: accepted, source: test, mark: assumed }
- { id: T-reset, stage: idle, code: 250, enhanced: null, text: ok, class: accepted, source: test, mark: assumed }
- { id: T-quit, stage: idle, code: 221, enhanced: null, text: bye, class: accepted, closes: true, source: test, mark: assumed }
- { id: T1, stage: connect, code: 421, enhanced: null, text: crowd, class: throttled, closes: true, source: test, mark: assumed }
- { id: T2, stage: mail, code: 451, enhanced: 4.7.1, text: slow, class: throttled, source: test, mark: assumed }
- { id: T3, stage: rcpt, code: 451, enhanced: 4.7.1, text: slow, class: throttled, source: test, mark: assumed }
- { id: T4, stage: dot, code: 421, enhanced: 4.7.1, text: slow, class: throttled, closes: true, source: test, mark: assumed }
- { id: T5, stage: rcpt, code: 550, enhanced: 5.1.1, text: unknown, class: rejected, source: test, mark: assumed }
- { id: T6, stage: rcpt, code: 452, enhanced: 4.2.2, text: full, class: deferred, source: test, mark: assumed }
- { id: T7, stage: dot, code: 554, enhanced: null, text: "no {rcpt}", class: rejected, source: test, mark: assumed }
- { id: T8, stage: mail, code: 421, enhanced: null, text: enough, class: deferred, closes: true, source: test, mark: assumed }
- { id: T9, stage: dot, code: 421, enhanced: 4.7.28, text: punished, class: throttled, closes: true, source: test, mark: assumed }
- { id: T10, stage: dot, code: 550, enhanced: 5.7.1, text: blocked, class: rejected, source: test, mark: assumed }
- { id: T11, stage: mail, code: 553, enhanced: 5.7.1, text: blocked, class: rejected, source: test, mark: assumed }
`;

const HEAD = `
id: test
name: Test
domains: [isp.test]
mx: [{ host: mx.isp.test, preference: 10, ipv6: false }]
session:
  mta: mx.isp.test
  answers: { connect: T-greeting, ehlo: T-ehlo, helo: T-helo, mail: T-mail, rcpt: T-rcpt, data: T-data, dot: T-dot, reset: T-reset, quit: T-quit }
`;

/** The text of a profile with these limits and mailboxes (YAML, one line each), and whatever else it has. */
export function profileText(
  limits: readonly string[] = [],
  mailboxes: readonly string[] = [],
  more = '',
): string {
  const block = (name: string, lines: readonly string[]): string =>
    lines.length === 0 ? `${name}: {}\n` : `${name}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  return `${HEAD}${block('limits', limits)}${block('mailboxes', mailboxes)}${more}`;
}

/** A limit in YAML; what is not given is a bucket of 1/s for a source, said at the dot with T4. */
export function limitLine(name: string, fields: Record<string, string | number> = {}): string {
  const all = {
    key: 'source',
    unit: 'transactions',
    kind: 'bucket',
    stage: 'dot',
    reply: 'T4',
    source: 'test',
    mark: 'assumed',
    ...fields,
  };
  const numbers = all.kind === 'bucket' ? { rate: '1/s', burst: 1 } : {};
  return `${name}: { ${Object.entries({ ...numbers, ...all })
    .map(([k, v]) => `${k}: ${v}`)
    .join(', ')} }`;
}

/** Runs `use` on a folder with these two files, which is gone afterwards. */
export function inFolder<T>(profile: string, replies: string, use: (profilePath: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-isp-'));
  try {
    const path = join(folder, 'profile.yaml');
    writeFileSync(path, profile);
    writeFileSync(join(folder, 'replies.yaml'), replies);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function testProfile(
  limits: readonly string[] = [],
  mailboxes: readonly string[] = [],
  more = '',
): IspProfile {
  return inFolder(profileText(limits, mailboxes, more), REPLIES, loadProfile);
}

export function testIsp(
  limits: readonly string[] = [],
  mailboxes: readonly string[] = [],
  options: Partial<ResolveOptions> = {},
  more = '',
): ResolvedIsp {
  return resolveIsp(testProfile(limits, mailboxes, more), { scale: 1, ...options });
}
