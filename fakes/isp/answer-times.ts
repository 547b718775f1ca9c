/**
 * How long an ISP takes to answer when all is well: a distribution for each stage. These times are real, since networks
 * and servers are as fast as they are, however fast simulated time goes.
 */
import type { Micros } from '../../src/core/clock.ts';
import type { Spread } from './spread.ts';

/** The stages whose answers can take time; the others are answered at once. */
export const LATENCY_STAGES = ['connect', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

/** The spread at each stage; a stage without one answers at once. */
export type Latency = Readonly<Partial<Record<LatencyStage, Spread>>>;

/** No answer takes longer, since no client has to wait longer for one (RFC 5321 section 4.5.3.2.6). */
export const LONGEST_ANSWER: Micros = 600e6;
