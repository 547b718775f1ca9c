import type { Micros } from '../core/clock.ts';
import type { HttpApi } from '../core/http-injection.ts';
import type { Credentials } from './authentication.ts';
import type { MessagePlan } from './message.ts';
import type { RecipientPlan } from './recipients.ts';
import type { LoadShape } from './schedule.ts';

/** How k6 is to carry out a load. */
export interface K6Wish {
  readonly api: HttpApi;
  /** The user's own script instead of windtunnel's, an absolute path. */
  readonly script: string | undefined;
  /** Which of its functions is an iteration; undefined: the default one. */
  readonly exec: string | undefined;
}

/** One load of a run, as plain data. An iteration is one transaction; a virtual user is one connection. */
export interface LoadPlan {
  readonly name: string;
  /** Carried out by k6 over HTTP; undefined: by the driver over SMTP. */
  readonly k6: K6Wish | undefined;
  readonly shape: LoadShape;
  /** When it begins, microseconds since the run's load began (k6's startTime). */
  readonly start: Micros;
  /** How long iterations under way may take to end when the load is over. */
  readonly gracefulStop: Micros;
  /** What an iteration does: hands over a message, or only says NOOP on a connection that is held open. */
  readonly action: 'message' | 'noop';
  /** How long a virtual user waits between its iterations. */
  readonly pause: Micros;
  /** Connections open at once, at most. */
  readonly connections: number;
  /** After so many messages a connection is closed and another takes its place; undefined: it is kept. */
  readonly messagesPerConnection: number | undefined;
  /** A message that is refused with a 4xx is handed over again, so often at most; undefined: never. */
  readonly retry: { readonly wait: Micros; readonly times: number } | undefined;
  /** A connection on which no reply comes for so long is given up. */
  readonly timeoutMs: number;
  /** How the submission is secured, and as whom the driver authenticates. */
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly auth: Credentials | undefined;
  /** Addresses that the driver connects from, in turn; none: the system's choice. */
  readonly sources: readonly string[];
  /** The load's messages are numbered from `recipients.firstMessage`; there are so many at most. */
  readonly messages: number;
  readonly recipients: RecipientPlan;
  readonly message: MessagePlan;
}

/**
 * A load that needs no scenario: so many messages of one size to one domain, one recipient each.
 * @param messages the most that there can be
 */
export function plainLoad(
  shape: LoadShape,
  messages: number,
  changes: Partial<LoadPlan> & { readonly domain?: string; readonly bytes?: number } = {},
): LoadPlan {
  const { domain = 'recipient.test', bytes = 2000, ...rest } = changes;
  return {
    name: 'default',
    k6: undefined,
    shape,
    start: 0,
    gracefulStop: 30e6,
    action: 'message',
    pause: 0,
    connections: 20,
    messagesPerConnection: undefined,
    retry: undefined,
    timeoutMs: 60_000,
    tls: 'none',
    auth: undefined,
    sources: [],
    messages,
    recipients: {
      isps: [{ share: 1, domains: [{ name: domain, weight: 1 }] }],
      perMessage: 1,
      ispPer: 'message',
      users: 1,
      firstMessage: 0,
      firstMailbox: 0,
      repeatAfter: undefined,
    },
    message: {
      load: 'default',
      size: { kind: 'uniform', min: bytes, max: bytes },
      content: { kind: 'text', text: 'News of the wind tunnel.' },
      recipients: 1,
      senders: [{ domain: 'news.sender.test', signed: false }],
      vmtas: [],
      headers: [{ name: 'Subject', value: 'windtunnel message {{message}}' }],
      unsubscribe: 'none',
      dkim: 'none',
    },
    ...rest,
  };
}
