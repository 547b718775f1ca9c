import type { IspSummary, OwnLogSummary, Summary } from './summary.ts';

/**
 * A summary as it was read from a file, with what earlier versions did not have; undefined if it is something else. It may be
 * of another version, so nobody relies on the schema's number alone.
 */
export function asSummary(content: unknown): Summary | undefined {
  const read = { ...LATER, ...(content as Partial<Summary> | null) };
  if (read.schema !== 1 || !NEEDED.every((key) => typeof read[key] === 'object')) return undefined;
  const summary = read as Summary;
  return {
    ...summary,
    ownLog: summary.ownLog && { ...LATER_OF_LOG, ...summary.ownLog },
    isps: summary.isps.map((isp) => ({ ...LATER_OF_ISP, ...isp })),
  };
}

const LATER = {
  adaptation: [],
  evidence: null,
  faults: [],
  sources: null,
  ownLog: null,
  reputation: [],
  feedback: null,
} satisfies Partial<Summary>;
const LATER_OF_ISP = { messagesPerConnection: [], authentication: null } satisfies Partial<IspSummary>;
const LATER_OF_LOG = { returned: [] } satisfies Partial<OwnLogSummary>;

const NEEDED: readonly (keyof Summary)[] = [
  'run',
  'verdict',
  'warnings',
  'thresholds',
  'injector',
  'isps',
  'adaptation',
  'latency',
  'metrics',
  'phases',
  'harness',
  'machine',
  'mta',
];
