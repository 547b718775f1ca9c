import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Aggregate } from './aggregate.ts';
import { Packer } from './attempt-log.ts';
import { LogFile, readLog } from './log-file.ts';
import { LogTail } from './log-tail.ts';
import type { RecordBatch } from './reporter.ts';
import type { RunModel } from './run-model.ts';

/** The two files of records. */
export type RecordFile = 'injections' | 'events';
const FILES: Readonly<Record<RecordFile, string>> = { injections: 'injections.bin', events: 'attempts.bin' };

/** Writes all records of a run to its folder and adds them up at the same time. */
export class Recorder {
  readonly aggregate: Aggregate;
  /** Told of all that is added up but injections, after that. */
  onEvents: ((events: Uint8Array) => void) | undefined;
  /** For what the lab itself records: marks, queue samples, DSNs. Call `flush` to make it count. */
  readonly own = new Packer(64);
  readonly #injections: LogFile;
  readonly #events: LogFile;

  /**
   * Creates the files. Throws a HarnessError of kind `lab` if it can't.
   * @param write for tests: what writes in place of the operating system
   */
  constructor(folder: string, model: RunModel, write = writeSync) {
    this.aggregate = new Aggregate(model);
    this.#injections = new LogFile(join(folder, FILES.injections), write);
    this.#events = new LogFile(join(folder, FILES.events), write);
  }

  /** Takes in a worker's batch. */
  take({ injections, events }: RecordBatch): void {
    if (injections) {
      this.#injections.append(injections);
      this.aggregate.add(injections);
    }
    if (events) {
      this.#events.append(events);
      this.aggregate.add(events);
      this.onEvents?.(events);
    }
    // One file without the other would tell of a run that never was; so both end, and neither has the mark of an end.
    if (this.failures().length > 0) {
      this.#injections.close();
      this.#events.close();
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

/** The blocks of a file of records in a run's folder; see `readLog`. */
export function recordsIn(folder: string, file: RecordFile): Generator<Uint8Array, string | undefined> {
  return readLog(join(folder, FILES[file]));
}

/**
 * Hands all records in a run's folder to `take`, block by block, in the order in which they came to each file.
 * @returns what is missing from damaged files, a sentence each
 * @throws HarnessError of kind `usage` if a file is not there, or is something else
 */
export function eachBlock(folder: string, take: (records: Uint8Array) => void): string[] {
  const notes: string[] = [];
  for (const file of Object.keys(FILES) as RecordFile[]) {
    const blocks = recordsIn(folder, file);
    let next = blocks.next();
    for (; !next.done; next = blocks.next()) take(next.value);
    if (next.value !== undefined) notes.push(next.value);
  }
  return notes;
}

/** Adds up the records in a run's folder. Notes say what is missing from damaged files. */
export function readRecords(folder: string, model: RunModel): { aggregate: Aggregate; notes: string[] } {
  const aggregate = new Aggregate(model);
  const notes = eachBlock(folder, (records) => aggregate.add(records));
  return { aggregate, notes };
}

/** Adds up the records of a run while it goes on, from the files that the recorder appends to about once a second. */
export class RecordTail {
  readonly aggregate: Aggregate;
  readonly #logs: readonly LogTail[];

  constructor(folder: string, model: RunModel) {
    this.aggregate = new Aggregate(model);
    this.#logs = Object.values(FILES).map((name) => new LogTail(join(folder, name)));
  }

  /** Takes in what was written since the last time. True: there was something. */
  advance(): boolean {
    let isNew = false;
    for (const log of this.#logs) {
      for (const block of log.read()) {
        this.aggregate.add(block);
        isNew = true;
      }
    }
    return isNew;
  }

  close(): void {
    for (const log of this.#logs) log.close();
  }
}
