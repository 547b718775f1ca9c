import { type Micros, monotonicMicros } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { pageContent } from '../report/html/page.ts';
import type { Summary } from '../report/summary.ts';
import type { FollowedRun, Standing } from './live-run.ts';
import type { PageChange } from './page-change.ts';
import {
  changeBetween,
  failedState,
  liveState,
  type PageState,
  pageState,
  type RunName,
} from './page-state.ts';

/** The run is looked at again at most so often. */
const LEAST_MICROS = 1e6;
/** And that takes no more than this share of the time, however long the run has become. */
const SHARE = 0.1;

/** Somebody who has the page open. */
export interface Viewer {
  /** Whether what was told before is still on its way. */
  isBehind(): boolean;
  tell(change: PageChange): void;
}

/** What a run came to. */
export interface Final {
  readonly summary: Summary;
  /** Where the report is; undefined: it could not be written. */
  readonly report: string | undefined;
}

/** The page of a run that goes on, and all who have it open. */
export class LivePage {
  readonly #run: FollowedRun;
  readonly #name: RunName;
  readonly #now: () => Micros;
  /** Each with what it shows; undefined: it was told nothing yet. */
  readonly #viewers = new Map<Viewer, PageState | undefined>();
  /** Undefined: it is to be made anew. */
  #page: PageState | undefined;
  /** The earliest moment to look again; Infinity: there is nothing more to see. */
  #next: Micros = 0;

  constructor(run: FollowedRun, name: RunName, now: () => Micros = monotonicMicros) {
    this.#run = run;
    this.#name = name;
    this.#now = now;
  }

  /** Brings all viewers up to date, unless the last time was just now or took long. Call it often. */
  look(): void {
    if (this.#now() < this.#next) return;
    this.#spend(() => {
      try {
        if (!this.#run.advance()) return;
        this.#page = undefined;
        if (this.#viewers.size > 0) this.page();
      } catch (error) {
        // Only this page suffers; the run goes on, and its report will say what is wrong.
        this.#page = { ...this.page(), notice: `This page can’t follow the run: ${messageOf(error)}` };
        this.#next = Number.POSITIVE_INFINITY;
      }
      this.#tellAll();
    });
  }

  /** The page as it stands. */
  page(): PageState {
    this.#page ??= this.#spend(() => liveState(this.#run.standing(), this.#name));
    return this.#page;
  }

  /** The run as it stands. */
  standing(): Standing {
    return this.#spend(() => this.#run.standing());
  }

  /** Tells a viewer how things stand now, and from then on what changes. */
  join(viewer: Viewer): void {
    this.#viewers.set(viewer, undefined);
    this.page();
    this.#tellAll();
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /**
   * Shows all viewers the final report.
   * @throws HarnessError of kind `usage` if the run's folder has nothing of it
   */
  end({ summary, report }: Final): void {
    const { series, dialogues } = this.#run.end(summary);
    const where = report === undefined ? 'Its report could not be written.' : `The report: ${report}`;
    const notice = `The run has ended, and this page with it. ${where}`;
    this.#close(pageState(pageContent(summary, series, dialogues), notice, true));
  }

  /** Says why there is no report. */
  fail(why: string): void {
    this.#close(failedState(this.#name, why));
  }

  #close(page: PageState): void {
    this.#page = page;
    this.#next = Number.POSITIVE_INFINITY;
    this.#tellAll();
    this.#run.close();
  }

  #tellAll(): void {
    const page = this.#page;
    if (!page) return;
    for (const [viewer, shown] of this.#viewers) {
      // Who is behind gets all that it missed at once, but nobody misses the end.
      if (shown === page || (viewer.isBehind() && !page.final)) continue;
      viewer.tell(changeBetween(shown, page));
      this.#viewers.set(viewer, page);
    }
  }

  /** Does what may take long, and puts off the next look accordingly. */
  #spend<T>(act: () => T): T {
    const begun = this.#now();
    try {
      return act();
    } finally {
      const took = this.#now() - begun;
      this.#next = Math.max(this.#next, begun + Math.max(LEAST_MICROS, took / SHARE));
    }
  }
}
