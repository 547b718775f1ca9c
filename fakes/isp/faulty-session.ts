/** A session that acts out the faults that the policy has in store for it: answers that come late, wrong or never. */
import type { Micros } from '../../src/core/clock.ts';
import type { IspSession } from './isp-session.ts';
import type { ProtocolError } from './protocol.ts';
import type { Failure, Rendered } from './render.ts';
import type { IncomingMessage, Session } from './session.ts';
import type { Effect } from './verdict.ts';

/** Puts faults on the answers of a session. Only the native engine acts them out. */
export class FaultySession implements Session {
  readonly #inner: IspSession;

  constructor(inner: IspSession) {
    this.#inner = inner;
  }

  onConnect(): Rendered {
    const answer = this.#slowly(this.#inner.onConnect());
    const { connection } = this.#inner.effects;
    if (connection?.kind === 'slow-banner') return delayed(answer, connection.delay);
    return stalled(answer, connection, 'connect');
  }

  onHelo(verb: 'HELO' | 'EHLO', name: string): Rendered {
    const answer = this.#slowly(this.#inner.onHelo(verb, name));
    const { connection } = this.#inner.effects;
    if (connection?.kind === 'tls' && connection.fault === 'not-offered') return withoutStartTls(answer);
    return stalled(answer, connection, 'ehlo');
  }

  onStartTls(): Rendered {
    const answer = this.#slowly(this.#inner.onStartTls());
    const { connection } = this.#inner.effects;
    if (connection?.kind !== 'tls') return answer;
    switch (connection.fault) {
      case 'expired':
      case 'wrong-name':
        return { ...answer, certificate: connection.fault };
      case 'handshake-reset':
        return failing(answer, { kind: 'reset', afterBytes: 1 });
      case 'not-offered':
        return this.#inner.onError('unknown-command');
    }
  }

  onSecured(): void {
    this.#inner.onSecured();
  }

  onMail(sender: string, size?: number): Rendered {
    return this.#slowly(this.#inner.onMail(sender, size));
  }

  onRcpt(recipient: string): Rendered {
    return this.#slowly(this.#inner.onRcpt(recipient));
  }

  onData(): Rendered {
    const answer = this.#slowly(this.#inner.onData());
    const { transaction } = this.#inner.effects;
    if (transaction?.kind !== 'reset' || answer.code !== 354) return answer;
    return failing(answer, { kind: 'reset', afterBytes: Math.max(1, transaction.bytes) });
  }

  get wantsContent(): number {
    return this.#inner.wantsContent;
  }

  onChunk(bytes: number): Rendered {
    return this.#slowly(this.#inner.onChunk(bytes));
  }

  onDot(message: IncomingMessage): Rendered | Promise<Rendered> {
    const act = (answer: Rendered): Rendered => {
      const { transaction } = this.#inner.effects;
      const slow = this.#slowly(answer);
      if (transaction?.kind === 'lose-reply') return failing(slow, { kind: 'close' });
      return stalled(slow, transaction, 'dot');
    };
    const answer = this.#inner.onDot(message);
    return answer instanceof Promise ? answer.then(act) : act(answer);
  }

  onCourtesy(command: 'vrfy' | 'help'): Rendered {
    return this.#slowly(this.#inner.onCourtesy(command));
  }

  onError(error: ProtocolError, argument?: string): Rendered {
    return this.#slowly(this.#inner.onError(error, argument));
  }

  onReset(keep?: boolean): Rendered {
    return this.#slowly(this.#inner.onReset(keep));
  }

  onQuit(): Rendered {
    return this.#slowly(this.#inner.onQuit());
  }

  onClose(byIsp?: boolean): void {
    this.#inner.onClose(byIsp);
  }

  #slowly(answer: Rendered): Rendered {
    const { connection } = this.#inner.effects;
    return connection?.kind === 'tarpit' ? delayed(answer, connection.delay) : answer;
  }
}

/** An answer that comes so much later than it would have come. */
function delayed(answer: Rendered, delay: Micros): Rendered {
  return { ...answer, delayMs: (answer.delayMs ?? 0) + delay / 1e3 };
}

function stalled(answer: Rendered, effect: Effect | undefined, stage: string): Rendered {
  const stalls = effect?.kind === 'stall' || effect?.kind === 'half-open';
  return stalls && effect.stage === stage ? failing(answer, { kind: effect.kind }) : answer;
}

/** An answer that fails, unless it is silence anyway. */
function failing(answer: Rendered, failure: Failure): Rendered {
  return answer.lines.length === 0 ? answer : { ...answer, failure };
}

/** An EHLO reply without the one extension; the last line has a blank after the code (RFC 5321 section 4.2.1). */
function withoutStartTls(answer: Rendered): Rendered {
  const lines = answer.lines.filter((line) => !/^\d{3}[- ]STARTTLS$/i.test(line));
  const last = lines.pop();
  return { ...answer, lines: last === undefined ? lines : [...lines, last.replace(/^(\d{3})-/, '$1 ')] };
}
