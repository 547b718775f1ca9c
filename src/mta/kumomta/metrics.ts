import { z } from 'zod';

/** A number, or numbers by label, however deep: `{ "service": { "smtp_client": 2 } }`. */
type Sum = number | { readonly [label: string]: Sum };
const sum: z.ZodType<Sum> = z.lazy(() => z.union([z.number(), z.record(z.string(), sum)]));

const metrics = z.object({
  message_count: z.object({ value: sum }).optional(),
  scheduled_count_total: z.object({ value: sum }).optional(),
  ready_count: z.object({ value: sum }).optional(),
});

/**
 * Messages that KumoMTA holds, from its `/metrics.json`: all that are scheduled, ready, or on their way between. undefined if
 * the text doesn't tell.
 */
export function queueDepth(text: string): number | undefined {
  const { success, data } = metrics.safeParse(parse(text));
  if (!success) return undefined;
  const { message_count, scheduled_count_total, ready_count } = data;
  const queues = [scheduled_count_total, ready_count].filter((metric) => metric !== undefined);
  const counts = [
    ...(message_count ? [total(message_count.value)] : []),
    ...(queues.length > 0 ? [queues.reduce((all, { value }) => all + total(value), 0)] : []),
  ];
  return counts.length === 0 ? undefined : Math.max(...counts);
}

function total(value: Sum): number {
  if (typeof value === 'number') return value;
  return Object.values(value).reduce<number>((all, each) => all + total(each), 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
