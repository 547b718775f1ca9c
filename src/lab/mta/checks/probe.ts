/** Knocks at doors of a mail server from a given address, and tells what was said. Whoever calls it has proved the seal. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { after } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';

/** A door, and the address to knock from; undefined: whichever the system takes. */
export interface Door {
  readonly address: string;
  readonly port: number;
  readonly from: string | undefined;
}

/** One thing to try. */
export type Probe =
  /** Whether anybody answers. */
  | ({ readonly kind: 'knock' } & Door)
  /** An SMTP dialogue, command by command, until one is refused. */
  | ({ readonly kind: 'say'; readonly commands: readonly string[] } & Door)
  /** Whether a TLS handshake in this version alone succeeds, after STARTTLS (RFC 3207) or at once. */
  | ({ readonly kind: 'tls'; readonly version: string; readonly implicit: boolean } & Door);

/** What came of a probe. */
export interface Answer {
  /** `open`: a connection was accepted; for TLS, the handshake succeeded. `closed`: neither. */
  readonly result: 'open' | 'closed';
  /** Replies in the order in which they came, each of its lines in one; the first is the greeting, if there was one. */
  readonly replies: readonly string[];
  /** Why it is closed, or why the dialogue ended early. */
  readonly why: string | undefined;
}

/** Nobody in a lab takes so long. */
const PATIENCE_MS = 3000;
/** So long what answers may take to greet; a busy machine needs more than a moment. */
const GREETING_MS = 1000;

/** Tries one thing. Never throws: that a door is closed is an answer. */
export async function tryDoor(probe: Probe): Promise<Answer> {
  const { address, port, from } = probe;
  const socket = connect({ host: address, port, ...(from !== undefined && { localAddress: from }) });
  const cancel = after(PATIENCE_MS, () => socket.destroy(new Error('no answer')));
  const replies: string[] = [];
  let open = false;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    open = probe.kind !== 'tls';
    if (probe.kind === 'knock') {
      // What speaks first says so at once; what does not, such as HTTP, has answered by accepting.
      await Promise.race([readReply(socket, replies), new Promise<void>((done) => after(GREETING_MS, done))]);
    } else if (probe.kind === 'say') {
      await readReply(socket, replies);
      for (const command of probe.commands) {
        socket.write(`${command}\r\n`);
        const reply = await readReply(socket, replies);
        if (!/^[23]/.test(reply)) break;
      }
    } else {
      await handshake(socket, probe, replies);
      open = true;
    }
    return { result: 'open', replies, why: undefined };
  } catch (error) {
    return { result: open ? 'open' : 'closed', replies, why: codeOf(error) };
  } finally {
    cancel();
    socket.on('error', () => {});
    socket.destroy();
  }
}

async function handshake(
  socket: Socket,
  { version, implicit }: Extract<Probe, { kind: 'tls' }>,
  replies: string[],
): Promise<void> {
  if (!implicit) {
    await readReply(socket, replies);
    for (const command of ['EHLO checks.windtunnel.test', 'STARTTLS']) {
      socket.write(`${command}\r\n`);
      const reply = await readReply(socket, replies);
      if (!reply.startsWith('2')) throw new Error(reply);
    }
  }
  await new Promise<void>((resolve, reject) => {
    const secure = connectTls({
      socket,
      rejectUnauthorized: false,
      minVersion: version as 'TLSv1',
      maxVersion: version as 'TLSv1',
      // At its own level OpenSSL 3 refuses to speak the old versions, which is what is to be tried.
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    secure.once('secureConnect', () => {
      replies.push(`${secure.getProtocol()} ${secure.getCipher().name}`);
      resolve();
    });
    secure.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** Reads one reply, of one or more lines (RFC 5321 section 4.2.1), and adds it to those read. */
function readReply(socket: Socket, replies: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const over = (error?: Error): void => {
      socket.off('data', take).off('error', over).off('close', ended);
      if (error) reject(error);
      else {
        const reply = text.trimEnd().split(/\r?\n/).join(' / ');
        replies.push(reply);
        resolve(reply);
      }
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (/^\d{3}( .*)?\r?\n$/m.test(text.slice(text.lastIndexOf('\n', text.length - 2) + 1))) over();
    };
    const ended = (): void => over(new Error('the connection was closed'));
    socket.on('data', take).once('error', over).once('close', ended);
  });
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : messageOf(error);
}
