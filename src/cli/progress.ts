import type { Progress } from '../lab/messages.ts';
import { progressLine } from '../report/console.ts';
import type { OutputStream } from './io.ts';

/** Shows progress on a stream: one line that is rewritten on a terminal, a line every few seconds elsewhere. */
export class ProgressDisplay {
  readonly #out: OutputStream;
  readonly #label: string;
  #lastShown = Number.NEGATIVE_INFINITY;
  #lastStage = '';
  #lineOpen = false;
  #before: Progress | undefined;

  /** `label` stands before each line, where there is something to tell from something else. */
  constructor(out: OutputStream, label = '') {
    this.#out = out;
    this.#label = label === '' ? '' : `${label}  `;
  }

  show(progress: Progress): void {
    const terminal = this.#out.isTTY === true;
    const changed = progress.stage !== this.#lastStage;
    if (!terminal && !changed && progress.elapsedSeconds - this.#lastShown < 5) return;
    const before = this.#before;
    const seconds = before ? progress.elapsedSeconds - before.elapsedSeconds : 0;
    const rate = before && seconds > 0 ? (progress.injected - before.injected) / seconds : 0;
    const line = progressLine(
      {
        phase: progress.stage,
        elapsedSeconds: progress.elapsedSeconds,
        totalSeconds: progress.totalSeconds,
        share: progress.share,
        injected: progress.injected,
        injectedPerSecond: rate,
        delivered: progress.delivered,
        throttled: progress.throttled,
        noops: progress.noops,
        queue: progress.queue,
        sessions: progress.sessions,
      },
      (this.#out.columns ?? 100) - this.#label.length,
    );
    const labelled = `${this.#label}${line}`;
    this.#out.write(terminal ? `\r\u001b[2K${labelled}` : `${labelled}\n`);
    this.#lineOpen = terminal;
    this.#lastShown = progress.elapsedSeconds;
    this.#lastStage = progress.stage;
    // The rate is over about a second, so that the number can be read.
    if (seconds >= 1 || !before) this.#before = progress;
  }

  /** Writes a line of its own, above the progress. */
  note(text: string): void {
    this.end();
    this.#out.write(`${text}\n`);
  }

  /** Leaves the progress line as it stands. */
  end(): void {
    if (this.#lineOpen) this.#out.write('\n');
    this.#lineOpen = false;
  }
}
