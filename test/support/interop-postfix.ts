/**
 * A Postfix of its own for a test, with everything in one folder. What an adapter for it has to know (seen with 3.7):
 * - The master must be root; its services become the users `postfix` and `postdrop`, which the package makes. A user
 *   namespace has one user, so it can't hold Postfix.
 * - Every folder above the queue must be open to these users (mkdtemp makes 0700). `postfix start` makes the folders in
 *   the queue; queue and data folder must be there, the latter owned by `postfix`.
 * - `postfix start` ends when the master is up, but the master keeps its stdout and stderr: who waits for a pipe to close
 *   waits for ever.
 * - No service may be in a chroot: there it would read the queue folder's resolv.conf, not the seal's. In master.cf the
 *   column must say `n`; `-` means yes under compatibility_level 0.
 * - It logs to `maillog_file` through the service `postlog`; `maillog_file_prefixes` must allow the folder. Without it, logs
 *   go to /dev/log: a path socket, which leads out of the seal.
 * - smtpd looks up local users through the service `proxymap`, and greets nobody if master.cf has none; an empty
 *   `local_recipient_maps` spares it.
 * - Names are looked up as resolv.conf says: MX, then A and AAAA as `inet_protocols` has it. With `smtp_host_lookup=dns` it
 *   never reads /etc/hosts.
 * - After a 4xx it turns to one more MX (`smtp_mx_session_limit`); the first refusal is logged without `to=`.
 * - Where all must be encrypted, the mailroom needs an exception (`smtp_tls_policy_maps`).
 * - The instance of the system is not touched. Its main.cf may be missing, but not `postfix-files` (`meta_directory`).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleepMs } from '../../src/core/clock.ts';
import type { InteropLab } from './interop-lab.ts';
import type { CommandResult } from './interop-program.ts';

/** A private instance that is up. */
export interface Postfix {
  /** Hands one message to its sendmail, as a program on that machine would. */
  sendmail(sender: string, recipients: readonly string[], message: string): Promise<CommandResult>;
  /** Waits until the log has as many lines of this kind. Throws with the log if they don't come. */
  logged(pattern: RegExp, count: number): Promise<string[]>;
  /** Lines of the log, without time and process. */
  log(): string[];
  stop(): Promise<CommandResult>;
}

/** How often, and how many times, the log is looked at for lines that are waited for. */
const LOOK_MS = 20;
const LOOKS = 1500;

/** The services of master.cf that relaying takes; all of them without chroot (fifth column). */
const MASTER = `
smtp      inet  n       -       n       -       -       smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`;

/** Starts an instance that relays all mail by MX from the given sources. */
export async function startPostfix(
  lab: InteropLab,
  settings: Readonly<Record<string, string>>,
): Promise<Postfix> {
  const folder = join(lab.folder, 'postfix');
  const config = join(folder, 'etc');
  const logFile = join(folder, 'mail.log');
  for (const name of ['etc', 'queue', 'data']) mkdirSync(join(folder, name), { recursive: true });
  const main = {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    maillog_file: logFile,
    maillog_file_prefixes: folder,
    myhostname: 'out1.news.sender.test',
    mydestination: '',
    alias_maps: '',
    local_recipient_maps: '',
    local_transport: 'error:no local mail',
    mynetworks: '127.0.0.0/8',
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    inet_interfaces: 'all',
    inet_protocols: 'all',
    smtp_host_lookup: 'dns',
    smtp_dns_support_level: 'enabled',
    ...settings,
  };
  const lines = Object.entries(main).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(config, 'main.cf'), lines.join(''));
  writeFileSync(join(config, 'master.cf'), MASTER);
  await lab.run(['chown', 'postfix', main.data_directory]);
  const output = join(folder, 'postfix.out');
  const postfix = (verb: string): Promise<CommandResult> =>
    lab.run(['sh', '-c', 'exec "$@" > "$0" 2>&1', output, 'postfix', '-c', config, verb]);
  const { code } = await postfix('start');
  if (code !== 0) throw new Error(`postfix start: ${readFileSync(output, 'utf8')}`);
  const log = (): string[] =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .flatMap((line) => / postfix\/(\w+\[\d+\]: .*)/.exec(line)?.[1]?.replace(/\[\d+\]/, '') ?? []);
  return {
    log,
    async logged(pattern, count) {
      let found: string[] = [];
      for (let look = 0; look < LOOKS; look++) {
        found = log().filter((line) => pattern.test(line));
        if (found.length >= count) return found;
        await sleepMs(LOOK_MS);
      }
      throw new Error(`${found.length} of ${count} lines like ${pattern} in\n${log().join('\n')}`);
    },
    sendmail: (sender, recipients, message) =>
      lab.run(['sendmail', '-C', config, '-f', sender, '--', ...recipients], message),
    stop: () => postfix('stop'),
  };
}

/** An attempt to deliver to one recipient, as the log tells it. */
export interface Delivery {
  readonly domain: string;
  /** Undefined where the server closed the connection before a recipient was named. */
  readonly recipient: string | undefined;
  /** The server's words, all lines in one. */
  readonly words: string;
}

/**
 * The attempts that a server has answered. A refusal after which Postfix turned to the next MX has no `to=`: it names only
 * the message, which must have one recipient.
 */
export function deliveries(log: readonly string[]): Delivery[] {
  const recipients = new Map<string, string>();
  const found: { id: string; words: string; stage: string | undefined; to: string | undefined }[] = [];
  for (const line of log) {
    const [, id = '', rest = ''] = /^smtp: (\w+): (.*)$/.exec(line) ?? [];
    const to = /^to=<([^>]*)>/.exec(rest)?.[1];
    if (to !== undefined) recipients.set(id, to);
    const sent = / status=sent \((.*)\)$/.exec(rest);
    const said = sent ?? / said: (.*) \(in reply to (.*) command\)+$/.exec(rest);
    if (said) found.push({ id, words: said[1] as string, stage: said[2], to });
  }
  return found.map(({ id, words, stage, to = recipients.get(id) ?? '' }) => ({
    domain: to.slice(to.indexOf('@') + 1),
    recipient: stage === 'MAIL FROM' && words.startsWith('421') ? undefined : to,
    words,
  }));
}
