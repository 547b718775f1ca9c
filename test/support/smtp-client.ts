/** An SMTP client for tests: says what it is told, byte for byte, and reads whole replies. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export class SmtpClient {
  readonly #tcp: Socket;
  readonly #mask: (line: string) => string;
  #socket: Socket;
  #lines: string[] = [];
  #rest = '';
  #wake = (): void => {};
  #error: string | undefined;

  /** Connects, from `localAddress` if one is given. `mask` changes every line that is read: ids that differ from run to run. */
  constructor(
    {
      address,
      port,
      localAddress,
    }: { readonly address: string; readonly port: number; readonly localAddress?: string },
    mask: (line: string) => string = (line) => line,
  ) {
    this.#mask = mask;
    const from = localAddress === undefined ? {} : { localAddress };
    this.#tcp = connect({ port, host: address, noDelay: true, allowHalfOpen: true, ...from });
    this.#socket = this.#tcp;
    this.#attend(this.#tcp);
  }

  /** The code of the error that ended the connection, if one did. */
  get error(): string | undefined {
    return this.#error;
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** Writes each byte in a packet of its own. */
  async trickle(text: string): Promise<void> {
    for (const byte of text)
      await new Promise<void>((resolve) => void this.#socket.write(byte, 'latin1', () => resolve()));
  }

  /** Says that no more will come, and reads on. */
  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends lines one after the other and returns the reply to the last. */
  async ask(...lines: string[]): Promise<string[]> {
    let reply: string[] = [];
    for (const line of lines) {
      this.write(`${line}\r\n`);
      reply = await this.reply();
    }
    return reply;
  }

  /** Writes text at once and returns so many replies. */
  async exchange(text: string, replies: number): Promise<string[][]> {
    this.write(text);
    const heard: string[][] = [];
    while (heard.length < replies) heard.push(await this.reply());
    return heard;
  }

  /** The next whole reply. */
  async reply(): Promise<string[]> {
    for (;;) {
      const end = this.#lines.findIndex((line) => line[3] !== '-');
      if (end >= 0) return this.#lines.splice(0, end + 1);
      if (this.#socket.readableEnded || this.#socket.closed)
        throw new Error(`connection closed; unread: ${this.#lines.join(' | ')}`);
      await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  /** Shakes hands after a 220 to STARTTLS, checking the server's certificate. Rejects with the error's code. */
  async secure(ca: string, servername: string): Promise<void> {
    this.#tcp.removeAllListeners('data').removeAllListeners('end');
    const socket = connectTls({ socket: this.#tcp, ca, servername });
    this.#socket = socket;
    this.#attend(socket);
    try {
      await once(socket, 'secureConnect');
    } catch (error) {
      throw new Error((error as NodeJS.ErrnoException).code);
    }
  }

  /** Resolves when the other side has ended the connection, and ends this side too. */
  async closed(): Promise<'closed'> {
    const socket = this.#socket;
    while (!socket.readableEnded && !socket.closed) await new Promise<void>((wake) => (this.#wake = wake));
    socket.end();
    if (!socket.closed) await once(socket, 'close');
    return 'closed';
  }

  /** Lines that were read and not asked for. */
  unread(): string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest];
  }

  /** Resets the connection. */
  reset(): void {
    this.#tcp.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#tcp.destroy();
  }

  #attend(socket: Socket): void {
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      const lines = (this.#rest + String(chunk)).split('\r\n');
      this.#rest = lines.pop() as string;
      this.#lines.push(...lines.map(this.#mask));
      this.#wake();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code;
      this.#wake();
    });
    for (const event of ['end', 'close']) socket.on(event, () => this.#wake());
  }
}
