/**
 * The side of a connection that answers: at once or later, in words or by breaking off. Replies to commands that came
 * together leave together. A client that does not read is not listened to, so that no more is held of it than one read
 * brings.
 */
import { after } from '../../src/core/clock.ts';
import type { CertificateName } from './certificates.ts';
import type { Failure, Rendered } from './render.ts';
import type { Session } from './session.ts';

/** The connection below. It calls nobody back before it returns, but for what is asked for `later`. */
export interface Wire {
  /** False while nothing that is written arrives. */
  readonly reaches: boolean;
  /** Sends text. False: the client does not read; `Receiver.drained` is called when it does again. */
  write(text: string): boolean;
  /** Calls `act` when all has been read that has come by now, on this connection and on others. */
  later(act: () => void): void;
  /** Stops listening to the client, and begins again. */
  pause(): void;
  resume(): void;
  /** Says that no more will come (FIN), after what was written. */
  end(): void;
  /** Ends the connection with a reset (RST). */
  reset(): void;
  /** Ends the connection and forgets it. */
  destroy(): void;
  /** Begins the server's side of a TLS handshake; `Receiver.secured` is called when it is done. */
  secure(certificate: CertificateName): void;
}

/** Replies that wait are sent before there are many more than this many characters. */
const BATCH = 16_384;

/** How far a connection is: it talks, it was stopped in the middle and stays open, or it is over. */
type Condition = 'talking' | 'stalled' | 'over';

/** Says what a session answers. */
export class Speaker {
  /** The client has said that nothing more comes (FIN). It may have gone, and read nothing more of what it is told. */
  clientEnded = false;
  readonly #session: Session;
  readonly #wire: Wire;
  /** Called when it was held and is no more. */
  readonly #goOn: () => void;
  #out = '';
  #condition: Condition = 'talking';
  #cancelDelay: (() => void) | undefined;
  /** The answer that is delayed. */
  #delayed: Rendered | undefined;
  /** What to say is being found out. */
  #thinking = false;
  #blocked = false;
  /** What waits to be sent will be, before anything more is read. */
  #soon = false;
  /** What happens when so many more bytes have come. */
  #doom: { readonly failure: Failure; left: number } | undefined;

  constructor(session: Session, wire: Wire, goOn: () => void) {
    this.#session = session;
    this.#wire = wire;
    this.#goOn = goOn;
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Whether an answer must leave before the client is listened to again. */
  get held(): boolean {
    return this.#blocked || this.#thinking || this.#cancelDelay !== undefined;
  }

  /** Whether it is the client that keeps an answer from leaving. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether the client waits for us, not we for it. */
  get owesAnswer(): boolean {
    return this.#thinking || this.#cancelDelay !== undefined || this.#condition === 'stalled';
  }

  /** Answers now or later. `then` follows a reply that was said and went well. */
  say(answer: Rendered, then?: () => void): void {
    const { delayMs = 0 } = answer;
    if (delayMs <= 0) {
      this.#act(answer, then);
      return;
    }
    this.flush();
    this.#delayed = answer;
    this.#cancelDelay = after(delayMs, () => {
      this.#cancelDelay = undefined;
      this.#delayed = undefined;
      this.#act(answer, then);
      this.flush();
      this.#release();
    });
  }

  /** Answers when it is known what. */
  async sayWhenKnown(answer: Promise<Rendered>): Promise<void> {
    this.#thinking = true;
    this.flush();
    const known = await answer;
    this.#thinking = false;
    if (this.#condition === 'over') return;
    this.say(known);
    this.flush();
    this.#release();
  }

  /** Sends what waits to be sent, if it is much or if it is time. */
  flush(ifMuch = false): void {
    if (this.#out.length <= (ifMuch ? BATCH : 0)) return;
    const text = this.#out;
    this.#out = '';
    if (this.#wire.write(text)) return;
    this.#blocked = true;
    this.#wire.pause();
  }

  /** Sends what waits to be sent together with what others have to say: each client need be woken only once. */
  flushSoon(): void {
    if (this.#soon || this.#out === '') return;
    this.#soon = true;
    this.#wire.later(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#soon = false;
    this.flush();
  };

  /** The client reads again. */
  drained(): void {
    this.#blocked = false;
    this.#release();
  }

  /** Counts what comes. True: it was too much, and the connection has failed as the session wanted. */
  failsAfter(bytes: number): boolean {
    if (!this.#doom) return false;
    this.#doom.left -= bytes;
    if (this.#doom.left > 0) return false;
    this.#fail(this.#doom.failure);
    return true;
  }

  /** Ends the connection after what was said. */
  close(): void {
    if (this.#condition === 'over') return;
    this.#condition = 'over';
    this.#session.onClose(true);
    this.flush();
    this.#wire.end();
  }

  /** Fails as told when so many more bytes have come. */
  expect(failure: Failure | undefined): void {
    if (failure?.afterBytes !== undefined) this.#doom = { failure, left: failure.afterBytes };
  }

  /** The connection is gone. */
  gone(): void {
    this.flush();
    this.#cancelDelay?.();
    this.#delayed?.onLost?.();
    this.#delayed = undefined;
    this.#condition = 'over';
  }

  #release(): void {
    if (this.held) return;
    this.#wire.resume();
    this.#goOn();
  }

  #act({ lines, close, failure, onLost }: Rendered, then?: () => void): void {
    const fails = failure && failure.afterBytes === undefined;
    if (fails || this.clientEnded || !this.#wire.reaches) onLost?.();
    if (fails) this.#fail(failure);
    else if (lines.length === 0) this.close();
    else {
      this.#out += lines.length === 1 ? `${lines[0]}\r\n` : `${lines.join('\r\n')}\r\n`;
      this.expect(failure);
      if (close) this.close();
      else then?.();
    }
  }

  #fail({ kind }: Failure): void {
    this.flush();
    this.#doom = undefined;
    // What stays open is the client's to close.
    this.#condition = kind === 'stall' || kind === 'half-open' ? 'stalled' : 'over';
    if (kind === 'stall') return;
    this.#session.onClose(true);
    if (kind === 'reset') this.#wire.reset();
    else this.#wire.end();
  }
}
