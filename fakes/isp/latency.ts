/**
 * How long an ISP takes to answer when all is well: a distribution for each stage. These times are real, since networks
 * and servers are as fast as they are, however fast simulated time goes.
 */
import { z } from 'zod';
import type { Micros } from '../../src/core/clock.ts';
import { parseDuration } from '../../src/core/units.ts';
import { strict } from './data-file.ts';
import { MARKS } from './replies.ts';

/** The stages whose answers can take time; the others are answered at once. */
export const LATENCY_STAGES = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

/** From `min` to `max`, all alike (a constant, if they are the same); or log-normal, as response times often are. */
export type Spread =
  | { readonly kind: 'even'; readonly min: Micros; readonly max: Micros }
  | { readonly kind: 'log-normal'; readonly median: Micros; readonly p99: Micros };

/** The spread at each stage; a stage without one answers at once. */
export type Latency = Readonly<Partial<Record<LatencyStage, Spread>>>;

/** No answer takes longer, since no client has to wait longer for one (RFC 5321 section 4.5.3.2.6). */
const LONGEST: Micros = 600e6;

/** What a fault in a time says. */
export const EXPECTED_TIME =
  'expected a time such as 20ms, a range such as 10ms..30ms, or { median: 2s, p99: 5s }; real time, at most 10m';

/** `20ms`, `10ms..30ms` or `{ median: 2s, p99: 5s }`. */
export const spread = z
  .union([z.string(), z.strictObject({ median: z.string(), p99: z.string() })], { error: EXPECTED_TIME })
  .transform((value, context): Spread => {
    const [low = '', high = low, ...rest] =
      typeof value === 'string' ? value.split('..') : [value.median, value.p99];
    const min = realTime(low);
    const max = realTime(high);
    const isLogNormal = typeof value !== 'string';
    if (
      min !== undefined &&
      max !== undefined &&
      min <= max &&
      rest.length === 0 &&
      !(isLogNormal && min === 0)
    )
      return isLogNormal ? { kind: 'log-normal', median: min, p99: max } : { kind: 'even', min, max };
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

function realTime(text: string): Micros | undefined {
  const parsed = parseDuration(text);
  return parsed && parsed.clock !== 'sim' && parsed.value <= LONGEST ? parsed.value : undefined;
}

/**
 * The time that a share of all answers does not exceed.
 * @param share above 0 and below 1
 */
export function quantile(of: Spread, share: number): Micros {
  if (of.kind === 'even') return of.min + (of.max - of.min) * share;
  return Math.min(LONGEST, of.median * (of.p99 / of.median) ** (normal(share) / normal(0.99)));
}

/** The quantile of the standard normal distribution, to 4.5e-4 (Abramowitz and Stegun, formula 26.2.23). */
function normal(share: number): number {
  if (share > 0.5) return -normal(1 - share);
  const t = Math.sqrt(-2 * Math.log(share));
  return (
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  );
}
