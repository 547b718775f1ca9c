/** From what a flood is asked for to the load that the driver carries out. */

import type { Micros } from '../../core/clock.ts';
import { type LoadPlan, plainLoad } from '../../driver/load.ts';
import type { LoadShape } from '../../driver/schedule.ts';

/** No flood is larger or longer, whatever it is asked for. */
export const MOST = { messages: 50_000_000, duration: 24 * 3600e6 } as const;

/** What a flood sends, and how fast. */
export interface FloodLoad {
  readonly action: 'message' | 'noop';
  readonly connections: number;
  /** Messages a second, whatever the server does; undefined: as fast as it answers. */
  readonly rate: number | undefined;
  /** The flood is over with whichever is reached first. One of them is given. */
  readonly duration: Micros | undefined;
  readonly messages: number | undefined;
  readonly messagesPerConnection: number | undefined;
  /** Of a connection between its messages, or NOOPs. */
  readonly pause: Micros;
  readonly retry: { readonly wait: Micros; readonly times: number } | undefined;
  readonly timeout: Micros;
  /** Bytes of a whole message. */
  readonly size: { readonly min: number; readonly max: number };
  readonly recipients: number;
  readonly senderDomain: string;
  readonly recipientDomain: string;
  readonly tls: LoadPlan['tls'];
  readonly auth: LoadPlan['auth'];
  readonly sources: readonly string[];
}

/** The driver's load. */
export function floodLoad(wish: FloodLoad): LoadPlan {
  const shape = shapeOf(wish);
  const plain = plainLoad(shape, wish.messages ?? MOST.messages, { domain: wish.recipientDomain });
  return {
    ...plain,
    action: wish.action,
    pause: wish.pause,
    connections: 'vus' in shape ? Math.min(wish.connections, shape.vus) : wish.connections,
    messagesPerConnection: wish.messagesPerConnection,
    retry: wish.retry,
    timeoutMs: wish.timeout / 1e3,
    tls: wish.tls,
    auth: wish.auth,
    sources: wish.sources,
    recipients: { ...plain.recipients, perMessage: wish.recipients },
    message: {
      ...plain.message,
      size: { kind: 'uniform', ...wish.size },
      recipients: wish.recipients,
      senders: [{ domain: wish.senderDomain, signed: false }],
    },
  };
}

function shapeOf({ rate, duration = MOST.duration, messages, connections }: FloodLoad): LoadShape {
  if (rate !== undefined) {
    const needed = messages === undefined ? duration : (messages / rate) * 1e6;
    return { executor: 'constant-arrival-rate', rate, duration: Math.min(duration, needed) };
  }
  if (messages === undefined) return { executor: 'constant-vus', vus: connections, duration };
  const vus = Math.min(connections, messages);
  return { executor: 'shared-iterations', vus, iterations: messages, maxDuration: duration };
}
