/**
 * A Postfix of its own for a test, with everything in one folder. What an adapter for it has to know:
 * - The master must be root; it gives up its rights to the users `postfix` and `postdrop` (the package makes them), so a
 *   user namespace, where one user exists, can't hold it.
 * - Each folder above the queue must be open to these users (mkdtemp makes 0700). `postfix start` makes the queue's own
 *   folders with the right owners; queue and data folder must be there.
 * - No service may be in a chroot: there it would read resolv.conf and hosts of the queue folder, not the seal's. In
 *   master.cf the column must say `n`; `-` means no since Postfix 3.0, but yes under compatibility_level 0.
 * - Logs go to `maillog_file`, through the service `postlog`. Without it they go to /dev/log: a path socket, which leads
 *   out of the seal. `maillog_file_prefixes` must name the folder, since only /var and /dev/stdout are allowed.
 * - Names: libc's resolver, so it follows resolv.conf. It looks up MX, then A and AAAA as `inet_protocols` has it, and
 *   with `smtp_host_lookup=dns` it never reads /etc/hosts.
 * - It goes to the next MX after a 4xx (`smtp_mx_session_limit`, 2); the first refusal is logged without `status=`.
 * - The system's instance is not touched, but its folder must hold `postfix-files` and `dynamicmaps.cf`
 *   (`meta_directory`); its main.cf may be missing.
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
  /** Waits until the log has as many lines of this kind. A test that waits in vain is ended by its runner. */
  logged(pattern: RegExp, count: number): Promise<string[]>;
  /** Lines of the log, without time and process. */
  log(): string[];
  stop(): Promise<CommandResult>;
}

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
  const quietly = (verb: string) =>
    lab.run(['sh', '-c', 'exec "$@" > /dev/null 2>&1', 'sh', 'postfix', '-c', config, verb]);
  const started = await quietly('start');
  if (started.code !== 0)
    throw new Error(`postfix start: ${started.stderr}\n${readFileSync(logFile, 'utf8')}`);
  const log = (): string[] =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .flatMap((line) => / postfix\/(\w+\[\d+\]: .*)/.exec(line)?.[1]?.replace(/\[\d+\]/, '') ?? []);
  return {
    log,
    async logged(pattern, count) {
      for (;;) {
        const found = log().filter((line) => pattern.test(line));
        if (found.length >= count) return found;
        await sleepMs(20);
      }
    },
    sendmail: (sender, recipients, message) =>
      lab.run(['sendmail', '-C', config, '-f', sender, '--', ...recipients], message),
    stop: () => quietly('stop'),
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
