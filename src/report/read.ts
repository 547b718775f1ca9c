import type { IspSummary, Summary } from './summary.ts';

/**
 * A summary of `schema: 1` as it was read from a file, with what earlier versions did not have; undefined if it is something
 * else.
 */
export function asSummary(content: unknown): Summary | undefined {
  const read = (content ?? {}) as Partial<Summary>;
  const { schema, run, metrics, isps } = read;
  if (schema !== 1 || typeof run !== 'object' || typeof metrics !== 'object' || !Array.isArray(isps))
    return undefined;
  return { ...LATER, ...(read as Summary), isps: isps.map((isp) => ({ ...LATER_OF_ISP, ...isp })) };
}

const LATER = { adaptation: [], evidence: null } satisfies Partial<Summary>;
const LATER_OF_ISP = { messagesPerConnection: [], authentication: null } satisfies Partial<IspSummary>;
