/**
 * How well `compare` tells one build from another: real runs, three a side, of an MTA with a pace of its own, compared with
 * runs of the same MTA, and with runs of one that is slower by 20 %.
 */
import { Cleanup } from '../../src/core/cleanup.ts';
import { wallClock } from '../../src/core/clock.ts';
import { comparePaths } from '../../src/lab/folder/compared-runs.ts';
import { createRunOfGroup } from '../../src/lab/folder/group-folder.ts';
import { createFolder } from '../../src/lab/folder/run-folder.ts';
import { fly } from '../../src/lab/run.ts';
import type { Comparison } from '../../src/report/comparison/comparison.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';
import { faultyAdapter } from '../support/faulty-adapter.ts';
import { temporaryFolder } from './programs.ts';
import { spreadOf } from './side-by-side.ts';
import { about, found, note, progress, sizeOr } from './tell.ts';

const RUNS = 3;
const CONNECTIONS = 4;
/** So that its pace is that of its rests, not that of whatever else the machine does: 4 connections, 60 messages a second. */
const REST_MS = 60;

/** More than the MTA delivers, so that its own pace is what is measured. */
const SCENARIO = `
name: paced
isps: { gmail: { share: 100%, limits: unlimited, mailboxes: { unknown: 0, full: 0, disabled: 0 } } }
load: { rate: 90/s, duration: 4s, connections: 4 }
warmup: 1s
thresholds:
  delivered{phase:baseline}: ['rate>1']
  delivery_latency: ['med<1m']
  lost: ['count==0']
  duplicated: ['count==0']
`;

const comparisons = sizeOr(10);
const parent = temporaryFolder();
about(
  `Runs of one build, ${RUNS} a side of 4 s each, the first second left out of the pace, compared ${comparisons} times, fresh runs each time; and the same baseline with runs of an MTA that is slowed by 20 %. The sides take turns. Four metrics gate.`,
);
const pace = { usual: [] as number[], slowed: [] as number[] };
progress('compare: how fast the MTA is');
const [first = ''] = await flown([REST_MS]);
const slowRest = restFor(0.8, paceOf(comparePaths(first, [first])));
let alarms = 0;
let hits = 0;
for (let round = 1; round <= comparisons; round++) {
  progress(`compare: ${round} of ${comparisons}`);
  const [baseline = '', again = '', slowed = ''] = await flown([REST_MS, REST_MS, slowRest]);
  const same = comparePaths(baseline, [again]);
  const slower = comparePaths(baseline, [slowed]);
  if (same.gates.some(({ verdict }) => verdict !== 'no change')) alarms++;
  if (slower.verdict.exitCode === 99) hits++;
  pace.usual.push(...paceOf(same));
  pace.slowed.push(...paceOf(slower));
  note(`${round}: ${said(same)} Slowed: ${said(slower)}`);
}
found({
  what: 'the pace of the usual build',
  unit: 'messages/s',
  better: 'none',
  ours: spreadOf(pace.usual),
});
found({
  what: 'the pace of the slowed build',
  unit: 'messages/s',
  better: 'none',
  ours: spreadOf(pace.slowed),
});
found({
  what: 'the same build: false alarms',
  unit: `of ${comparisons}`,
  better: 'less',
  ours: spreadOf([alarms]),
  bar: comparisons / 10,
  goal: 0,
});
found({
  what: 'slowed by 20 %: exit code 99',
  unit: `of ${comparisons}`,
  better: 'more',
  ours: spreadOf([hits]),
  bar: comparisons * 0.9,
  goal: comparisons,
});
process.exit(0);

/** How long connections must rest so that the MTA is so many times as fast as it was with the usual rest. */
function restFor(speed: number, paces: readonly number[]): number {
  const perSecond = spreadOf(paces).median;
  const each = (CONNECTIONS * 1000) / perSecond;
  return Math.round(REST_MS + each * (1 / speed - 1));
}

/** The verdict, with what both sides delivered. */
function said({ verdict, gates }: Comparison): string {
  const [delivered] = gates;
  const list = (values: readonly unknown[]): string =>
    values.map((value) => (typeof value === 'number' ? value.toFixed(1) : value)).join(', ');
  return `${list(delivered?.baseline.values ?? [])} beside ${list(delivered?.runs.values ?? [])}: ${verdict.sentence}`;
}

/** Messages a second that the newer runs delivered. */
function paceOf({ gates }: Comparison): number[] {
  const delivered = gates.find(({ metric }) => metric.startsWith('delivered'));
  return (delivered?.runs.values ?? []).filter((value) => typeof value === 'number');
}

/** Folders of groups of fresh runs, one for each MTA. They take turns, so that a drift of the machine hits all. */
async function flown(rests: readonly number[]): Promise<string[]> {
  const plan = planRun(parseScenario(SCENARIO, 'compare.yaml'));
  const groups = rests.map((restMs) => ({ restMs, group: createFolder(parent, plan.name, wallClock()) }));
  for (let run = 1; run <= RUNS; run++) {
    for (const { restMs, group } of groups) {
      const request = {
        plan,
        folder: createRunOfGroup(group, run),
        lab: 'loopback',
        scenarioText: SCENARIO,
        command: 'npm run bench compare',
        version: 'bench',
        startedAt: wallClock().toISOString(),
        warnings: [],
      } as const;
      const hooks = { progress: () => {}, stopRequest: () => 'none' as const };
      await fly(request, hooks, new Cleanup(), faultyAdapter({ connections: CONNECTIONS, restMs }));
    }
  }
  return groups.map(({ group }) => group);
}
