/** How the times that an ISP takes to answer are written in its profile. */
import { z } from 'zod';
import { LATENCY_STAGES, type LatencyStage, LONGEST_ANSWER } from './answer-times.ts';
import { strict } from './data-file.ts';
import { MARKS } from './replies.ts';
import { type Spread, spreadOf } from './spread.ts';
import { statedSpread } from './stated-spread.ts';

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
