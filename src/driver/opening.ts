import { authAnswer, authCommand, type Credentials } from './authentication.ts';
import { isIntermediate, isPositive } from './reply-reader.ts';

/** How far a connection has come. `open`: it has said that it can take messages. */
export type SessionStage = 'connect' | 'tls' | 'greeting' | 'ehlo' | 'auth' | 'open';

/** What a connection is to do, beside EHLO, before it can take messages. */
export interface OpeningPlan {
  /** STARTTLS (RFC 3207), or TLS from the first byte (RFC 8314 section 3.3). */
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly auth?: Credentials;
}

/** Extensions of SMTP that a server offers and a session uses. */
export interface Extensions {
  /** RFC 2920. */
  readonly pipelining: boolean;
  /** 8BITMIME, RFC 6152. */
  readonly eightBit: boolean;
}

/** What a session does next. */
export type OpeningStep =
  | { readonly do: 'say'; readonly line: string }
  | { readonly do: 'secure' }
  | { readonly do: 'wait' }
  | { readonly do: 'open'; readonly extensions: Extensions }
  /** `code`: the reply that refused; 0 if the session itself can't go on. */
  | { readonly do: 'fail'; readonly code: number; readonly reason: string };

const WAIT: OpeningStep = { do: 'wait' };
const SECURE: OpeningStep = { do: 'secure' };

/** From the connection to the first message: greeting, TLS, EHLO and AUTH, as steps to take. Does no I/O. */
export class Opening {
  readonly #plan: OpeningPlan;
  readonly #helo: string;
  #stage: SessionStage = 'connect';
  #asked: 'ehlo' | 'helo' | 'starttls' | 'auth' = 'ehlo';
  #secured = false;
  #challenges = 0;
  /** The lines of the reply to EHLO: keyword and parameters of an extension each, but for the first. */
  #offers: readonly string[] = [];

  constructor(plan: OpeningPlan, helo: string) {
    this.#plan = plan;
    this.#helo = helo;
  }

  get stage(): SessionStage {
    return this.#stage;
  }

  /** The TCP connection is there. */
  connected(): OpeningStep {
    this.#stage = this.#plan.tls === 'implicit' ? 'tls' : 'greeting';
    return this.#stage === 'tls' ? SECURE : WAIT;
  }

  /** The TLS handshake is done. What was known of the server before STARTTLS is asked again (RFC 3207 section 4.2). */
  secured(): OpeningStep {
    this.#secured = true;
    if (this.#plan.tls === 'starttls') return this.#ehlo();
    this.#stage = 'greeting';
    return WAIT;
  }

  /** A reply came. `text`: its lines without their codes. */
  replied(code: number, text: string): OpeningStep {
    if (this.#stage === 'greeting') return isPositive(code) ? this.#ehlo() : refused('the greeting', code);
    switch (this.#asked) {
      case 'ehlo':
        if (isPositive(code)) return this.#introduced(text);
        // An old server knows HELO alone (RFC 5321 section 3.2).
        if (code >= 500) return this.#ask('helo', `HELO ${this.#helo}`);
        return refused('EHLO', code);
      case 'helo':
        return isPositive(code) ? this.#introduced('') : refused('HELO', code);
      case 'starttls':
        return isPositive(code) ? SECURE : refused('STARTTLS', code);
      case 'auth':
        return this.#authReply(code, text);
    }
  }

  #ask(what: 'ehlo' | 'helo' | 'starttls' | 'auth', line: string): OpeningStep {
    this.#asked = what;
    return { do: 'say', line };
  }

  #ehlo(): OpeningStep {
    this.#stage = 'ehlo';
    return this.#ask('ehlo', `EHLO ${this.#helo}`);
  }

  #introduced(text: string): OpeningStep {
    this.#offers = text.toUpperCase().split(/\r?\n/).slice(1);
    const { tls, auth } = this.#plan;
    if (tls === 'starttls' && !this.#secured) {
      this.#stage = 'tls';
      if (!this.#offers.includes('STARTTLS')) return unable('the server does not offer STARTTLS');
      return this.#ask('starttls', 'STARTTLS');
    }
    if (auth === undefined) return this.#open();
    this.#stage = 'auth';
    const offered = this.#mechanisms();
    if (!offered.includes(auth.mechanism.toUpperCase())) {
      const offer = offered.length === 0 ? 'no AUTH' : `AUTH ${offered.join(' ')}`;
      return unable(`the server does not offer AUTH ${auth.mechanism.toUpperCase()} (it offers ${offer})`);
    }
    return this.#ask('auth', authCommand(auth));
  }

  /** `AUTH=` is what servers offered before RFC 2554; some still do, beside the standard's form. */
  #mechanisms(): string[] {
    const lines = this.#offers.filter((line) => /^AUTH[ =]/.test(line));
    return [...new Set(lines.flatMap((line) => line.slice('AUTH '.length).split(' ').filter(Boolean)))];
  }

  #authReply(code: number, text: string): OpeningStep {
    if (isPositive(code)) return this.#open();
    const auth = this.#plan.auth;
    if (!isIntermediate(code) || auth === undefined) return refused('AUTH', code);
    const line = authAnswer(auth, text.trim(), this.#challenges++);
    return line === undefined ? unable('the server asks for more than AUTH has to say') : { do: 'say', line };
  }

  #open(): OpeningStep {
    this.#stage = 'open';
    const extensions = {
      pipelining: this.#offers.includes('PIPELINING'),
      eightBit: this.#offers.includes('8BITMIME'),
    };
    return { do: 'open', extensions };
  }
}

function refused(what: string, code: number): OpeningStep {
  return { do: 'fail', code, reason: `${what} was refused with ${code}` };
}

function unable(reason: string): OpeningStep {
  return { do: 'fail', code: 0, reason };
}
