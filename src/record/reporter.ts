import { Packer } from './attempt-log.ts';

/** What a worker sends to the recorder: one message an interval, with all that happened in it. */
export interface RecordBatch {
  readonly type: 'records';
  readonly injections: Uint8Array | undefined;
  readonly events: Uint8Array | undefined;
}

/**
 * Collects a worker's records and hands them over in batches. At most two batches are under way; while the recorder
 * is behind, records wait here, packed, and go out together.
 */
export class Reporter {
  readonly injections = new Packer();
  readonly events = new Packer();
  readonly #send: (batch: RecordBatch) => void;
  #unacknowledged = 0;

  constructor(send: (batch: RecordBatch) => void) {
    this.#send = send;
  }

  /** Sends what has gathered, unless two batches are still unacknowledged. `force` sends in any case. */
  flush(force = false): void {
    if (this.#unacknowledged >= 2 && !force) return;
    const injections = this.injections.take();
    const events = this.events.take();
    if (!injections && !events) return;
    this.#unacknowledged++;
    this.#send({ type: 'records', injections, events });
  }

  /** The recorder has taken in a batch. */
  acknowledged(): void {
    this.#unacknowledged--;
  }
}
