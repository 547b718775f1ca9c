/** What a scenario may say of a load: k6's executors with k6's keys, and how the driver speaks to the MTA. */
import { z } from 'zod';
import { HTTP_APIS } from '../core/http-injection.ts';
import { EXECUTORS } from '../driver/schedule.ts';
import { address } from './incident-schema.ts';
import { message } from './message-schema.ts';
import { realDuration, realRate, share } from './quantities.ts';

const count = z.number().int('expected a whole number').positive('expected a whole number above 0');
const users = z.number().int('expected a whole number').min(0, 'expected a whole number from 0');

/** A stage moves to a rate (50/s) or to a number of virtual users (50). */
const target = z.union([users.transform((n) => ({ users: n })), realRate.transform((rate) => ({ rate }))], {
  error: 'expected a rate such as 50/s, or a number of virtual users such as 50',
});

const auth = z.strictObject({
  mechanism: z.enum(['plain', 'login', 'cram-md5']).default('plain'),
  user: z.string(),
  password: z.string(),
});

export const load = z.strictObject({
  engine: z.enum(['smtp', 'k6']).default('smtp'),
  api: z.enum(HTTP_APIS).optional(),
  script: z.string().optional(),
  exec: z.string().optional(),
  executor: z.enum(EXECUTORS).optional(),
  rate: realRate.optional(),
  duration: realDuration.optional(),
  startRate: realRate.optional(),
  stages: z
    .array(z.strictObject({ duration: realDuration, target }))
    .min(1, 'expected at least one stage')
    .optional(),
  vus: count.optional(),
  startVUs: users.optional(),
  iterations: count.optional(),
  maxDuration: realDuration.optional(),
  gracefulRampDown: realDuration.optional(),
  startTime: realDuration.prefault('0s'),
  gracefulStop: realDuration.prefault('30s'),
  connections: count.optional(),
  action: z.enum(['message', 'noop']).default('message'),
  pause: realDuration.optional(),
  messagesPerConnection: count.optional(),
  retry: z
    .strictObject({ wait: realDuration.prefault('1s'), times: count.max(1000, 'expected at most 1000') })
    .optional(),
  timeout: realDuration.prefault('60s'),
  tls: z.enum(['none', 'starttls', 'implicit']).default('none'),
  auth: auth.optional(),
  sources: z.array(address).default([]),
  /** Other shares of the ISPs than the scenario's, for this load alone. */
  mix: z.record(z.string(), share).optional(),
  /** So many different mailboxes; then they repeat. */
  mailboxes: count.optional(),
  message: message.prefault({}),
});

/** A load as a scenario says it, defaults filled in. */
export type LoadWish = z.output<typeof load>;
