/**
 * What the tests read in the log of a Postfix that its adapter has started in a lab. Seen with 3.7: after a 4xx it turns to one
 * more MX (`smtp_mx_session_limit`), and the first refusal is logged without `to=`.
 */
import { readFileSync } from 'node:fs';
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
  /** Lines of the log, without time, virtual MTA and process. */
  log(): string[];
}

/** How often, and how many times, the log is looked at for lines that are waited for. */
const LOOK_MS = 20;
const LOOKS = 1500;

/** Starts the scenario's Postfix, with settings of the test's own in main.cf. */
export async function startPostfix(
  lab: InteropLab,
  settings: Readonly<Record<string, string>>,
): Promise<Postfix> {
  await lab.mta.start();
  const config = join(lab.folder, 'mta', 'config');
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await lab.mta.stop();
  const { code, stderr } = await lab.run(['postconf', '-c', config, '-e', ...pairs]);
  if (code !== 0) throw new Error(`postconf: ${stderr}`);
  await lab.mta.restart();
  const log = (): string[] =>
    readFileSync(join(lab.folder, 'mta', 'mail.log'), 'utf8')
      .split('\n')
      .flatMap(
        (line) => / postfix\/(?:\w+\/)?(\w+\[\d+\]: .*)/.exec(line)?.[1]?.replace(/\[\d+\]/, '') ?? [],
      );
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
