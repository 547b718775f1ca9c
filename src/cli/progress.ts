import type { Progress } from '../lab/messages.ts';
import { progressLine } from '../report/console.ts';
import type { OutputStream } from './io.ts';
import { IspLines } from './isp-lines.ts';
import { RedrawnLines } from './redrawn.ts';

/** Where a terminal does not say how large it is. */
const COLUMNS = 100;
const ROWS = 24;

/** Shows progress on a stream: lines that are redrawn in place on a terminal, a line every few seconds elsewhere. */
export class ProgressDisplay {
  readonly #out: OutputStream;
  readonly #terminal: RedrawnLines | undefined;
  readonly #label: string;
  readonly #isps = new IspLines();
  #lastShown = Number.NEGATIVE_INFINITY;
  #lastStage = '';
  #before: Progress | undefined;

  /** `label` stands before each line of progress, where there is something to tell from something else. */
  constructor(out: OutputStream, label = '') {
    this.#out = out;
    this.#label = label === '' ? '' : `${label}  `;
    this.#terminal = out.isTTY === true ? new RedrawnLines(out) : undefined;
  }

  show(progress: Progress): void {
    const changed = progress.stage !== this.#lastStage;
    if (!this.#terminal && !changed && progress.elapsedSeconds - this.#lastShown < 5) return;
    const before = this.#before;
    const seconds = before ? progress.elapsedSeconds - before.elapsedSeconds : 0;
    const rate = before && seconds > 0 ? (progress.injected - before.injected) / seconds : 0;
    // What reaches the last column may wrap.
    const width = (this.#out.columns ?? COLUMNS) - (this.#terminal ? 1 : 0);
    const state = { ...progress, phase: progress.stage, injectedPerSecond: rate };
    const line = `${this.#label}${progressLine(state, width - this.#label.length)}`;
    if (this.#terminal) {
      this.#isps.add(progress);
      const lines = (this.#out.rows ?? ROWS) - 2;
      this.#terminal.draw([line, ...this.#isps.render({ width, lines, color: this.#out.color })]);
    } else this.#out.write(`${line}\n`);
    this.#lastShown = progress.elapsedSeconds;
    this.#lastStage = progress.stage;
    // The rate is over about a second, so that the number can be read.
    if (seconds >= 1 || !before) this.#before = progress;
  }

  /** Writes a line of its own, above the progress. */
  note(text: string): void {
    if (this.#terminal) this.#terminal.above(text);
    else this.#out.write(`${text}\n`);
  }

  /** Leaves the progress line as it stands. */
  end(): void {
    this.#terminal?.end();
  }
}
