import { modelOf } from '../lab/folder/report-input.ts';
import { hasRunFile, type RunFile, readRunFile, readSeen } from '../lab/folder/run-folder.ts';
import type { RunningIsp } from '../record/aggregate.ts';
import { RecordTail } from '../record/recorder.ts';
import { buildReport, type Report } from '../report/build.ts';
import type { ReportInput } from '../report/input.ts';
import type { Summary } from '../report/summary.ts';

/** How far a run has come. `starting`: the lab is being brought up; `report`: nothing happens any more. */
export const STAGES = ['starting', 'load', 'drain', 'report'] as const;
export type Stage = (typeof STAGES)[number];

/** A run as it stands. Before the load there is no report. */
export interface Standing {
  readonly stage: Stage;
  readonly report: Report | undefined;
  /** By the index of the ISP. */
  readonly isps: ReadonlyMap<number, RunningIsp>;
}

/** A run that can be looked at while it goes on. */
export interface FollowedRun {
  /** Takes in what is new. True: things stand otherwise now. */
  advance(): boolean;
  /** The run as it stood at the last `advance`; the report is built when it is first asked for. */
  standing(): Standing;
  /**
   * The final report, once nothing is recorded any more.
   * @param summary what the run came to
   * @throws HarnessError of kind `usage` if the run's folder has nothing of it
   */
  end(summary: Summary): Report;
  close(): void;
}

/**
 * Follows a run by what it writes to its folder, so that the lab does nothing for it, and so that it shows what the
 * report will. Before `run.json` is there the run is starting.
 */
export class LiveRun implements FollowedRun {
  readonly #folder: string;
  #file: RunFile | undefined;
  #tail: RecordTail | undefined;
  #report: Report | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  advance(): boolean {
    const isNew = this.#open();
    const hasMore = this.#tail?.advance() ?? false;
    if (hasMore) this.#report = undefined;
    return isNew || hasMore;
  }

  standing(): Standing {
    const { marks, runningIsps: isps } = this.#tail?.aggregate ?? {
      marks: new Map(),
      runningIsps: new Map(),
    };
    const stage: Stage = !marks.has('load_started')
      ? 'starting'
      : marks.has('ended')
        ? 'report'
        : marks.has('load_ended')
          ? 'drain'
          : 'load';
    if (stage !== 'starting' && this.#tail && this.#file)
      this.#report ??= buildReport(this.#tail.aggregate, {
        ...running(this.#file.input),
        ...readSeen(this.#folder),
      });
    return { stage, report: this.#report, isps };
  }

  end(summary: Summary): Report {
    this.advance();
    const { input } = readRunFile(this.#folder);
    const tail = this.#tail as RecordTail;
    return { ...buildReport(tail.aggregate, { ...input, ...readSeen(this.#folder) }), summary };
  }

  close(): void {
    this.#tail?.close();
  }

  #open(): boolean {
    if (this.#tail) return false;
    if (!hasRunFile(this.#folder)) return false;
    this.#file = readRunFile(this.#folder);
    this.#tail = new RecordTail(this.#folder, modelOf(this.#file.plan));
    return true;
  }
}

function running(input: ReportInput): ReportInput {
  return { ...input, run: { ...input.run, running: true } };
}
