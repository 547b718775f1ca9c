/** How times that differ from one case to the next are written. */
import { z } from 'zod';
import { type ClockName, parseDuration, type Quantity } from '../../src/core/units.ts';
import type { StatedSpread } from './spread.ts';

/**
 * `20ms`, `10ms..30ms` or `{ median: 2s, p99: 5s }`.
 * @param expected what a fault says
 * @param clock the clock of times that name none
 */
export function statedSpread(expected: string, clock: ClockName) {
  const time = (text: string): Quantity | undefined => {
    const parsed = parseDuration(text);
    return parsed && { value: parsed.value, clock: parsed.clock ?? clock };
  };
  return z
    .union([z.string(), z.strictObject({ median: z.string(), p99: z.string() })], { error: expected })
    .transform((value, context): StatedSpread => {
      const isLogNormal = typeof value !== 'string';
      const [from = '', to = from, ...rest] = isLogNormal ? [value.median, value.p99] : value.split('..');
      const [low, high] = [time(from), time(to)];
      if (
        low &&
        high &&
        low.clock === high.clock &&
        low.value <= high.value &&
        rest.length === 0 &&
        !(isLogNormal && low.value === 0)
      )
        return { kind: isLogNormal ? 'log-normal' : 'even', low, high };
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}
