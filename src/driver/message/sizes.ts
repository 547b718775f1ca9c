/** How large messages are: the whole message as sent, header and signature included, in bytes. */
import { type Chance, Purpose } from '../../core/chance.ts';
import { picker } from '../recipients.ts';

/** The sizes of a load's messages. One size is a range whose ends meet. */
export type SizePlan =
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  /** Half of the messages are below `median`, 95 % below `p95`; what chance makes larger than `max` has `max`. */
  | { readonly kind: 'log-normal'; readonly median: number; readonly p95: number; readonly max: number }
  | { readonly kind: 'list'; readonly sizes: readonly { readonly bytes: number; readonly weight: number }[] };

/** The 95th percentile of the standard normal distribution. */
const Z95 = 1.6448536269514722;

/** The size of each message by its number: the same seed gives the same sizes. Not rounded. */
export function createSizes(plan: SizePlan, prng: Chance): (message: number) => number {
  switch (plan.kind) {
    case 'uniform':
      return (message) => plan.min + prng.chance(Purpose.messageSize, message) * (plan.max - plan.min);
    case 'log-normal': {
      const sigma = sigmaOf(plan);
      return (message) => {
        // Box and Muller: two even chances make a normal one. 1 - chance is never 0.
        const radius = Math.sqrt(-2 * Math.log(1 - prng.chance(Purpose.messageSize, message)));
        const z = radius * Math.cos(2 * Math.PI * prng.chance(Purpose.messageSize, message, 1));
        return Math.min(plan.max, plan.median * Math.exp(sigma * z));
      };
    }
    case 'list': {
      const pick = picker(plan.sizes.map(({ weight }) => weight));
      return (message) => plan.sizes[pick(prng.chance(Purpose.messageSize, message))]?.bytes ?? 0;
    }
  }
}

/** The most that a message of this plan can have. */
export function largestSize(plan: SizePlan): number {
  return plan.kind === 'list' ? Math.max(...plan.sizes.map(({ bytes }) => bytes)) : plan.max;
}

/** What messages have on average; for a log-normal plan as if it had no `max`. */
export function meanSize(plan: SizePlan): number {
  switch (plan.kind) {
    case 'uniform':
      return (plan.min + plan.max) / 2;
    case 'log-normal':
      return plan.median * Math.exp(sigmaOf(plan) ** 2 / 2);
    case 'list': {
      const weights = plan.sizes.reduce((sum, { weight }) => sum + weight, 0);
      return plan.sizes.reduce((sum, { bytes, weight }) => sum + bytes * weight, 0) / weights;
    }
  }
}

function sigmaOf({ median, p95 }: { median: number; p95: number }): number {
  return Math.log(p95 / median) / Z95;
}
