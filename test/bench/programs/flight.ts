/** Flies one run on loopback, as the lab does, and says how it went on. Its arguments: the scenario's text, and a folder. */
import { monotonicMicros, wallClock } from '../../../src/core/clock.ts';
import { exit, parentChannel, pid } from '../../../src/core/process.ts';
import { modelOf } from '../../../src/lab/folder/report-input.ts';
import { createRunFolder, readRunFile, writeReports } from '../../../src/lab/folder/run-folder.ts';
import { fly } from '../../../src/lab/run.ts';
import { readRecords } from '../../../src/record/recorder.ts';
import { buildReport } from '../../../src/report/build.ts';
import type { Totals } from '../../../src/report/summary.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';
import { cpuOfTree } from '../proc.ts';

/** How far a run is: from time to time while the load goes on. */
export interface Waypoint {
  readonly type: 'waypoint';
  readonly at: number;
  readonly delivered: number;
  /** Of all processes of the run. */
  readonly cpuMicros: number;
}

export type FromFlight =
  | Waypoint
  | {
      readonly type: 'landed';
      readonly totals: Totals;
      /** From the first message to the last delivery. */
      readonly seconds: number;
      /** Once more from the run's folder: to read the records, and to build and write all reports. */
      readonly readSeconds: number;
      readonly reportSeconds: number;
    };

const channel = parentChannel<FromFlight, never>();
channel.onDisconnect(() => exit(0));
const [, , text = '', parent = ''] = process.argv;
const plan = planRun(parseScenario(text, 'bench.yaml'));
const startedAt = wallClock();
const folder = createRunFolder(parent, plan.name, startedAt);
await fly(
  {
    plan,
    folder,
    lab: 'loopback',
    scenarioText: text,
    command: 'npm run bench',
    version: 'bench',
    startedAt: startedAt.toISOString(),
    warnings: [],
  },
  {
    progress({ stage, delivered }) {
      if (stage === 'load' || stage === 'drain')
        channel.send({ type: 'waypoint', at: monotonicMicros(), delivered, cpuMicros: cpuOfTree(pid) });
    },
    stopRequest: () => 'none',
  },
);
const { input } = readRunFile(folder);
const begin = monotonicMicros();
const { aggregate } = readRecords(folder, modelOf(plan));
const read = monotonicMicros();
const report = buildReport(aggregate, input);
writeReports(folder, report);
const written = monotonicMicros();
const { totals, run } = report.summary;
await channel.flush({
  type: 'landed',
  totals,
  seconds: run.durationSeconds,
  readSeconds: (read - begin) / 1e6,
  reportSeconds: (written - read) / 1e6,
});
exit(0);
