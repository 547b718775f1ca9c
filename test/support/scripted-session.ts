/** A session for tests of engines: takes everything, remembers what it was asked, and says what a test puts in its mouth. */
import type { Rendered } from '../../fakes/isp/render.ts';
import type { IncomingMessage, Session } from '../../fakes/isp/session.ts';

type Hook = 'connect' | 'helo' | 'starttls' | 'mail' | 'rcpt' | 'data' | 'chunk' | 'dot' | 'reset' | 'quit';

const CODES: Readonly<Record<Hook, number>> = {
  connect: 220,
  helo: 250,
  starttls: 220,
  mail: 250,
  rcpt: 250,
  data: 354,
  chunk: 250,
  dot: 250,
  reset: 250,
  quit: 221,
};

export class ScriptedSession implements Session {
  /** What was asked, in order. */
  readonly asked: string[] = [];
  readonly messages: IncomingMessage[] = [];
  /** How it was closed: `client` or `isp`, once. */
  closed: 'client' | 'isp' | undefined;
  wantsContent = 8192;
  readonly #script: Readonly<Partial<Record<Hook, Partial<Rendered>>>>;

  /** Answers are plain unless the script changes them. */
  constructor(script: Readonly<Partial<Record<Hook, Partial<Rendered>>>> = {}) {
    this.#script = script;
  }

  onConnect(): Rendered {
    return this.#answer('connect');
  }
  onHelo(verb: 'HELO' | 'EHLO', name: string): Rendered {
    return this.#answer('helo', `${verb} ${name}`);
  }
  onStartTls(): Rendered {
    return this.#answer('starttls');
  }
  onSecured(): void {
    this.asked.push('secured');
  }
  onMail(sender: string): Rendered {
    return this.#answer('mail', sender);
  }
  onRcpt(recipient: string): Rendered {
    return this.#answer('rcpt', recipient);
  }
  onData(): Rendered {
    return this.#answer('data');
  }
  onChunk(bytes: number): Rendered {
    return this.#answer('chunk', String(bytes));
  }
  onDot(message: IncomingMessage): Rendered {
    this.messages.push({ ...message, head: Buffer.from(message.head) });
    return this.#answer('dot');
  }
  onCourtesy(): Rendered {
    return this.onError('unimplemented-command');
  }
  onError(error: string): Rendered {
    this.asked.push(error);
    return { code: 500, lines: [`500 ${error}`], close: error === 'timeout' };
  }
  onReset(): Rendered {
    return this.#answer('reset');
  }
  onQuit(): Rendered {
    return { ...this.#answer('quit'), close: true };
  }
  onClose(byIsp = false): void {
    this.closed ??= byIsp ? 'isp' : 'client';
  }

  #answer(hook: Hook, what?: string): Rendered {
    this.asked.push(what === undefined ? hook : `${hook} ${what}`);
    return { code: CODES[hook], lines: [`${CODES[hook]} ${hook}`], close: false, ...this.#script[hook] };
  }
}
