/** Zod types for the quantities that scenarios are written in. Each says what it expected when it fails. */
import { z } from 'zod';
import { parseDuration, parseRate, parseShare, parseSize, type Quantity } from '../core/units.ts';

/** `30s`, `1h30m`, `10m@sim`; microseconds, with the clock that a suffix named. */
export const duration = textual(parseDuration, 'a duration such as 30s, 5m or 1h30m');

/** `50/s`, `20/m`, `5/s@real`; events a second, with the clock that a suffix named. */
export const rate = textual(parseRate, 'a rate such as 50/s, 20/m or 5000/d');

/** A duration on the real clock; a suffix is not allowed, since nothing else would make sense here. */
export const realDuration = duration.transform(onlyReal);

/** A rate on the real clock. */
export const realRate = rate.transform(onlyReal);

/** A whole number above 0. */
export const count = z.number().int('expected a whole number').positive('expected a whole number above 0');

/** `2KB`; bytes. */
export const size = textual(parseSize, 'a size such as 2KB');

/** `2KB`, or a range `2KB..60KB`; bytes. */
export const sizeRange = textual((text) => {
  const [from = '', to = from, ...rest] = text.split('..');
  const min = parseSize(from);
  const max = parseSize(to);
  return min === undefined || max === undefined || rest.length > 0 || max < min ? undefined : { min, max };
}, 'a size such as 2KB, or a range such as 2KB..60KB');

/** `20%` or `0.2`; a share from 0 to 1. */
export const share = textual(parseShare, 'a share such as 20% or 0.2');

function textual<T>(parse: (text: string) => T | undefined, expected: string) {
  return z
    .union([z.string(), z.number()], { error: `expected ${expected}` })
    .transform((value, context): T => {
      const parsed = parse(String(value));
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: `expected ${expected}` });
      return z.NEVER;
    });
}

function onlyReal(quantity: Quantity, context: z.RefinementCtx): number {
  if (quantity.clock === 'sim') {
    context.addIssue({
      code: 'custom',
      message: 'expected a time on the real clock; @sim has no meaning here',
    });
    return z.NEVER;
  }
  return quantity.value;
}
