import { createHmac } from 'node:crypto';

/** How a session logs in (RFC 4954), and as whom. */
export interface Credentials {
  readonly mechanism: 'plain' | 'login' | 'cram-md5';
  readonly user: string;
  readonly password: string;
}

/** The command that begins the exchange. PLAIN (RFC 4616) says everything in it, as its initial response. */
export function authCommand({ mechanism, user, password }: Credentials): string {
  const initial = mechanism === 'plain' ? ` ${base64(`\0${user}\0${password}`)}` : '';
  return `AUTH ${mechanism.toUpperCase()}${initial}`;
}

/**
 * The answer to the `round`th challenge (from 0), which is in base64 as it came behind 334; undefined if the mechanism
 * has nothing more to say. LOGIN has no standard: the user's name is asked for first, then the password, whatever the
 * challenges say. CRAM-MD5 is RFC 2195.
 */
export function authAnswer(
  { mechanism, user, password }: Credentials,
  challenge: string,
  round: number,
): string | undefined {
  if (mechanism === 'login') return [user, password].map(base64)[round];
  if (mechanism === 'plain' || round > 0) return undefined;
  const digest = createHmac('md5', password).update(Buffer.from(challenge, 'base64')).digest('hex');
  return base64(`${user} ${digest}`);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
