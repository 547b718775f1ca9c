/** The quantities that stand in data files, as schemas. All but shares may name their clock (`20/s@real`). */
import { z } from 'zod';
import { parseDuration, parseRate, parseShare, type Quantity } from '../../src/core/units.ts';

/** Text with a unit, parsed by core/units.ts. A share has no clock and comes out with none. */
function quantity(parse: (text: string) => Quantity | number | undefined, expected: string) {
  return z
    .union([z.string(), z.number()], { error: `expected ${expected}` })
    .transform((value, context): Quantity => {
      const parsed = parse(String(value));
      if (parsed !== undefined)
        return typeof parsed === 'number' ? { value: parsed, clock: undefined } : parsed;
      context.addIssue({ code: 'custom', message: `expected ${expected}` });
      return z.NEVER;
    });
}

/** Events a second. */
export const rate = quantity(parseRate, 'a rate such as 20/s, 600/m or 5000/d');
/** Microseconds. */
export const duration = quantity(parseDuration, 'a duration such as 10m or 1h');
/** A share: `1%` or `0.01`. */
export const share = quantity(parseShare, 'a share such as 1% or 0.01');
/** A count. */
export const units = z.int('expected a whole number').nonnegative('expected 0 or more');
