/** The parts of a profile that the SMTP engine goes by. */
import type { Micros } from '../../src/core/clock.ts';
import { extensionsOf } from './neutral.ts';
import { realDuration } from './overrides.ts';
import type { IspProfile } from './profile.ts';
import type { ProtocolRules } from './protocol.ts';

/** Where each named reply is in the list. */
export function indexed(
  named: Readonly<Record<string, string | undefined>>,
  indexOf: (id: string) => number,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, id]) => (id === undefined ? [] : [[name, indexOf(id)]])),
  );
}

/** RFC 5321 section 4.5.3.1.4 asks for 512 octets, RFC 3461 section 4.4 for 500 more in RCPT. */
const COMMAND_LINE = 1024;
/** RFC 5321 section 4.5.3.2.7: a server waits at least five minutes for the next command. */
const IDLE: Micros = 300e6;
/** However fast simulated time is, this is real: no client is cut off for being a real client. */
const SHORTEST_IDLE: Micros = 10e6;

/** How the engine is to speak SMTP. */
export function rulesOf({ session, replies }: IspProfile, scale: number): ProtocolRules {
  const { lines, unknown, idle } = session;
  const ehlo = replies.find(({ id }) => id === session.answers.ehlo);
  const size = ehlo?.lines.map((line) => /^SIZE (\d+)$/i.exec(line)?.[1]).find((n) => n !== undefined);
  return {
    extensions: extensionsOf(ehlo),
    commandLine: lines?.command ?? COMMAND_LINE,
    textLine: lines?.text ?? null,
    // SIZE 0 means that there is no limit (RFC 1870 section 4).
    size: Number(size ?? 0) || null,
    unknown: unknown ?? null,
    idle: Math.max(SHORTEST_IDLE, realDuration(idle ?? { value: IDLE, clock: undefined }, scale)),
    refusesTlsPipelining: session.errors['tls-pipelined'] !== undefined,
  };
}
