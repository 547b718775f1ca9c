/** A load at work in one process. */
export interface RunningLoad {
  /** Resolves when the load is over and all that it began has ended. */
  readonly finished: Promise<void>;
  /** Begins nothing more; what is under way ends as usual. */
  stop(): void;
}

/** Which part of every load a process carries: iterations and users whose number modulo `of` is `worker`. */
export interface WorkerShare {
  readonly worker: number;
  readonly of: number;
}

/** A worker's part of `total` that is shared out like numbered things: the parts add up to the total. */
export function partOf(total: number, { worker, of }: WorkerShare): number {
  return Math.floor(total / of) + (worker < total % of ? 1 : 0);
}
