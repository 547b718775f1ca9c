import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { messageOf } from '../../src/core/errors.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** How an attempt ended. `code` is 0 where no reply was read. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly code: number; readonly text: string };

/** One SMTP connection to an endpoint, opened by the first delivery. One delivery at a time. */
export class Courier {
  readonly #connection: SMTPConnection;
  /** Ends what is waiting for the server. */
  #fail: ((error: Error) => void) | undefined;
  #connected = false;
  #usable = true;

  /** @param source the address to connect from; undefined: whichever the system takes */
  constructor({ address, port }: Endpoint, source?: string) {
    this.#connection = new SMTPConnection({
      host: address,
      port,
      ...(source === undefined ? {} : { localAddress: source }),
      name: 'faulty.mta.test',
      ignoreTLS: true,
      socketCloseTimeout: 0,
    });
    this.#connection.on('error', (error: Error) => this.#gone(error));
    this.#connection.on('end', () => this.#gone(new Error('connection closed')));
  }

  /** False once the connection is gone. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Tries to deliver one recipient. Never rejects. */
  async deliver(from: string, to: string, body: Buffer): Promise<Verdict> {
    try {
      if (!this.#connected) await this.#call((done) => this.#connection.connect(done));
      this.#connected = true;
      await this.#call((done) => this.#connection.send({ from, to: [to] }, body, done));
      return { kind: 'accepted' };
    } catch (error) {
      if (this.#usable) await this.#call((done) => this.#connection.reset(done)).catch(() => this.close());
      const { responseCode = 0, response } = error as { responseCode?: number; response?: string };
      return { kind: 'refused', code: responseCode, text: response ?? messageOf(error) };
    }
  }

  /** Says QUIT and closes. For a connection that has nothing under way. */
  quit(): void {
    if (this.#usable && this.#connected) this.#connection.quit();
    else this.close();
  }

  /** Closes the connection; what is under way ends as refused, without a reply. */
  close(): void {
    this.#connection.close();
    this.#gone(new Error('connection closed'));
  }

  #gone(error: Error): void {
    this.#usable = false;
    this.#fail?.(error);
  }

  /** A call of nodemailer as a promise that a lost connection rejects, whether nodemailer calls back or not. */
  #call(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      start((error) => (error ? reject(error) : resolve()));
    });
  }
}
