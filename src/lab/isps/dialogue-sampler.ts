/** Picks a few of an ISP's dialogues for the report: early ones, that show between them how it answers. */
import type { Tap } from '../../../fakes/isp/engine.ts';
import type { ResolvedIsp } from '../../../fakes/isp/resolve.ts';
import type { IspObserver } from '../../../fakes/isp/session.ts';
import type { Micros } from '../../core/clock.ts';
import type { Answer, Dialogue } from '../../report/dialogue.ts';
import { DialogueLines } from './dialogue-lines.ts';

/** Connections that are listened to at once. */
const AT_ONCE = 2;
/** How long after one of them the next may be: longer each time that nothing new was heard. */
const PAUSE: Micros = 100_000;
const LONGEST_PAUSE: Micros = 1_000_000;
/** A connection that has had nothing new to show for so many lines is not listened to any longer. */
const PATIENCE = 400;
/** After something new it is listened to for so many lines more, to hear what became of it. */
const AFTERMATH = 8;

/** Different replies of each outcome that are worth a dialogue. */
const WORTH: Readonly<Record<string, number>> = {
  accepted: 1,
  throttled: 2,
  deferred: 2,
  rejected: 2,
  dropped: 1,
};

/** What is still worth hearing. */
class Wanted {
  readonly #known = new Set<string>();
  readonly #taken = new Map<string, number>();

  has({ outcome, reply }: Answer): boolean {
    return (this.#taken.get(outcome) ?? 0) < (WORTH[outcome] ?? 0) && !this.#known.has(`${outcome} ${reply}`);
  }

  /** Whether a dialogue with these answers is worth keeping. They are then known. */
  take(answers: readonly Answer[]): boolean {
    const news = answers.filter((answer) => this.has(answer));
    for (const { outcome, reply } of news) {
      this.#known.add(`${outcome} ${reply}`);
      this.#taken.set(outcome, (this.#taken.get(outcome) ?? 0) + 1);
    }
    return news.length > 0;
  }
}

/** Of dialogues with one ISP, kept by several listeners, those that one would have kept. */
export function telling(dialogues: readonly Dialogue[]): Dialogue[] {
  const wanted = new Wanted();
  return [...dialogues].sort((a, b) => a.at - b.at).filter(({ answers }) => wanted.take(answers));
}

interface Heard {
  readonly source: string;
  readonly at: Micros;
  readonly lines: DialogueLines;
  readonly answers: Answer[];
  /** How many lines to listen to. */
  until: number;
}

/** Listens in on some connections of one ISP. */
export class DialogueSampler {
  readonly #isp: Pick<ResolvedIsp, 'id' | 'replies'>;
  readonly #now: () => Micros;
  readonly #addressOf: (remoteAddress: string) => string;
  /** By the connection's number. */
  readonly #heard = new Map<number, Heard>();
  readonly #wanted = new Wanted();
  readonly #keep: (dialogue: Dialogue) => void;
  #last = Number.NEGATIVE_INFINITY;
  #pause = PAUSE;

  /**
   * @param addressOf a client's address in the simulated world
   * @param keep takes a dialogue that is worth it, as soon as it was heard
   */
  constructor(
    isp: Pick<ResolvedIsp, 'id' | 'replies'>,
    now: () => Micros,
    addressOf: (remoteAddress: string) => string,
    keep: (dialogue: Dialogue) => void,
  ) {
    this.#isp = isp;
    this.#now = now;
    this.#addressOf = addressOf;
    this.#keep = keep;
  }

  /** Listens in on a new connection, if it is time for another one. */
  readonly tap = (remoteAddress: string, connection: number): Tap | undefined => {
    if (this.#heard.size >= AT_ONCE) return undefined;
    const at = this.#now();
    if (at < this.#last + this.#pause) return undefined;
    this.#last = at;
    const lines = new DialogueLines(
      this.#now,
      () => {
        if (lines.count >= heard.until) this.#end(connection, heard);
      },
      () => this.#end(connection, heard),
    );
    const heard: Heard = { source: this.#addressOf(remoteAddress), at, lines, answers: [], until: PATIENCE };
    this.#heard.set(connection, heard);
    return lines;
  };

  /** The same observer, with an ear for answers. */
  watching(observer: IspObserver): IspObserver {
    return {
      ...observer,
      connectionOpened: (e) => {
        if (e.reply !== undefined) this.#note(e.connection, this.#isp.replies[e.reply]?.class ?? '', e.reply);
        observer.connectionOpened(e);
      },
      attempt: (e) => {
        this.#note(e.connection, e.outcome, e.reply);
        observer.attempt(e);
      },
    };
  }

  #note(connection: number, outcome: string, index: number | undefined): void {
    if (this.#heard.size === 0) return;
    const heard = this.#heard.get(connection);
    if (!heard) return;
    const reply = index === undefined ? null : (this.#isp.replies[index]?.id ?? null);
    if (heard.answers.some((answer) => answer.outcome === outcome && answer.reply === reply)) return;
    const answer = { outcome, reply };
    heard.answers.push(answer);
    if (this.#wanted.has(answer)) heard.until = Math.min(heard.until, heard.lines.count + AFTERMATH);
  }

  /** Keeps what was heard if it is worth it. */
  #end(connection: number, { source, at, lines, answers }: Heard): void {
    if (!this.#heard.delete(connection)) return;
    lines.mute();
    const worth = this.#wanted.take(answers);
    this.#pause = worth ? PAUSE : Math.min(2 * this.#pause, LONGEST_PAUSE);
    if (!worth) return;
    this.#keep({ isp: this.#isp.id, source, at: at / 1e6, answers, lines: lines.lines });
  }
}
