/**
 * How long an ISP takes to answer when all is well: a distribution for each stage. These times are real, since networks
 * and servers are as fast as they are, however fast simulated time goes.
 */
import { z } from 'zod';
import type { Micros } from '../../src/core/clock.ts';
import { strict } from './data-file.ts';
import { MARKS } from './replies.ts';
import { type Spread, spreadOf, statedSpread } from './spread.ts';

/** The stages whose answers can take time; the others are answered at once. */
export const LATENCY_STAGES = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

/** The spread at each stage; a stage without one answers at once. */
export type Latency = Readonly<Partial<Record<LatencyStage, Spread>>>;

/** No answer takes longer, since no client has to wait longer for one (RFC 5321 section 4.5.3.2.6). */
export const LONGEST_ANSWER: Micros = 600e6;

/** What a fault in a time says. */
export const EXPECTED_TIME =
  'expected a time such as 20ms, a range such as 10ms..30ms, or { median: 2s, p99: 5s }; real time, at most 10m';

/** `20ms`, `10ms..30ms` or `{ median: 2s, p99: 5s }`. */
export const spread = statedSpread(EXPECTED_TIME, 'real').transform((stated, context): Spread => {
  if (stated.high.clock === 'real' && stated.high.value <= LONGEST_ANSWER)
    return spreadOf(stated, ({ value }) => value);
  context.addIssue({ code: 'custom', message: EXPECTED_TIME });
  return z.NEVER;
});

const stated = strict({
  time: spread,
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
});

/** The part of a profile. */
export const latencySchema = strict(
  Object.fromEntries(LATENCY_STAGES.map((stage) => [stage, stated.optional()])) as Record<
    LatencyStage,
    z.ZodOptional<typeof stated>
  >,
);
