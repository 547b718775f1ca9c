import type { Clock } from '../core/clock.ts';
import type { Injections } from './injections.ts';
import type { MessageFactory } from './message.ts';
import { Session, type SessionOwner, type SessionTarget } from './session.ts';

/** How long a target that refused or dropped a fresh connection is left alone before the next try. */
export const RETRY_CONNECT_MS = 250;

/** What all connections of a load to one target have in common. */
export interface DialerOptions {
  readonly endpoints: readonly SessionTarget[];
  /** Place of the first endpoint to use, so that workers do not all begin with the same. */
  readonly firstEndpoint: number;
  readonly clock: Clock;
  readonly messages: MessageFactory;
  readonly helo: string;
  readonly timeoutMs: number;
  readonly pipelineAcrossMessages: boolean;
  readonly injections: Injections;
}

/** Opens connections to one target, endpoint by endpoint. */
export class Dialer {
  readonly options: DialerOptions;
  #opened = 0;

  constructor(options: DialerOptions) {
    this.options = options;
  }

  /** Begins a connection; its owner is told what comes of it. */
  dial(owner: SessionOwner): Session {
    const { endpoints, firstEndpoint, clock, messages, helo, timeoutMs } = this.options;
    const endpoint = endpoints[(firstEndpoint + this.#opened++) % endpoints.length] as SessionTarget;
    return new Session(this.#opened, endpoint, { clock, messages, helo, timeoutMs, owner });
  }
}
