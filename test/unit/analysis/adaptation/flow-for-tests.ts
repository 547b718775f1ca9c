import type { Flow } from '../../../../src/analysis/adaptation/flow.ts';

/** A column of `length` buckets, written as what holds from which bucket on. */
export function steps(
  length: number,
  ...changes: readonly (readonly [from: number, value: number])[]
): number[] {
  return Array.from({ length }, (_, i) => changes.findLast(([from]) => from <= i)?.[1] ?? 0);
}

/** The credit of a source that may send `allowance` a second and has no burst: what ten seconds of it add up to. */
export function creditOf(allowance: readonly number[]): number[] {
  return allowance.map((_, i) => allowance.slice(Math.max(0, i - 9), i + 1).reduce((a, b) => a + b, 0));
}

/** A flow of `length` buckets in which nothing happened, but for what is given. The backlog follows from the rest. */
export function flow(length: number, given: Partial<Flow> & { readonly arrivals?: readonly number[] }): Flow {
  const zeros = new Array<number>(length).fill(0);
  const unlimited = new Array<number>(length).fill(Number.POSITIVE_INFINITY);
  const { arrivals, ...columns } = given;
  const accepted = columns.accepted ?? zeros;
  const allowance = columns.allowance ?? unlimited;
  const backlog = [0];
  (arrivals ?? []).forEach((came, i) => {
    backlog.push((backlog.at(-1) as number) + came - (accepted[i] as number));
  });
  return {
    tried: accepted,
    accepted,
    throttled: zeros,
    refused: zeros,
    allowance,
    unpunished: allowance,
    credit: creditOf(allowance),
    supply: arrivals ? { arrivals, backlog } : undefined,
    ...columns,
  };
}
