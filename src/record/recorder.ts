import { join } from 'node:path';
import { Aggregate } from './aggregate.ts';
import { Packer } from './attempt-log.ts';
import { type LogContent, LogFile, readLog } from './log-file.ts';
import type { RecordBatch } from './reporter.ts';
import type { RunModel } from './run-model.ts';

const INJECTIONS = 'injections.bin';
const EVENTS = 'attempts.bin';

/** Writes all records of a run to its folder and adds them up at the same time. */
export class Recorder {
  readonly aggregate: Aggregate;
  /** For what the lab itself records: marks, queue samples, DSNs. Call `flush` to make it count. */
  readonly own = new Packer(64);
  readonly #injections: LogFile;
  readonly #events: LogFile;

  /** Creates the files. Throws a HarnessError of kind `lab` if it can't. */
  constructor(folder: string, model: RunModel) {
    this.aggregate = new Aggregate(model);
    this.#injections = new LogFile(join(folder, INJECTIONS));
    this.#events = new LogFile(join(folder, EVENTS));
  }

  /** Takes in a worker's batch. */
  take(batch: RecordBatch): void {
    if (batch.injections) {
      this.#injections.append(batch.injections);
      this.aggregate.add(batch.injections);
    }
    if (batch.events) {
      this.#events.append(batch.events);
      this.aggregate.add(batch.events);
    }
  }

  /** Takes in what was packed into `own`. */
  flush(): void {
    const events = this.own.take();
    if (events) this.take({ type: 'records', injections: undefined, events });
  }

  /** Why recording to disk stopped, if it did. The figures of this run go on all the same. */
  failures(): string[] {
    return [this.#injections.failure, this.#events.failure].filter((f) => f !== undefined);
  }

  close(): void {
    this.flush();
    this.#injections.close();
    this.#events.close();
  }
}

/** Adds up the records in a run's folder. Notes say what is missing from damaged files. */
export function readRecords(folder: string, model: RunModel): { aggregate: Aggregate; notes: string[] } {
  const aggregate = new Aggregate(model);
  const logs: LogContent[] = [INJECTIONS, EVENTS].map((name) => readLog(join(folder, name)));
  for (const { blocks } of logs) for (const block of blocks) aggregate.add(block);
  return { aggregate, notes: logs.map((log) => log.torn).filter((note) => note !== undefined) };
}
