/** What the records say of single recipients, in order. The ledger is an index; this is what it is an index of. */
import type { Micros } from '../core/clock.ts';
import {
  ATTEMPT_OUTCOMES,
  type AttemptOutcome,
  DSN_ACTIONS,
  type DsnAction,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  type FeedbackKind,
  type FeedbackState,
  INJECTION_STATES,
  type InjectionState,
  Kind,
  MARKS,
  NONE16,
  QUEUED,
  type Queued,
  RecordView,
  type Stage,
} from '../record/attempt-log.ts';
import type { LastAnswer, Repeated } from '../record/ledger.ts';
import { eachRecipient, type LoadModel, placeOfRecipient } from '../record/run-model.ts';
import type { KnownRecipient } from './conservation.ts';

/** A recipient's message was handed to the MTA, or never was. */
export interface InjectionEvent {
  readonly due: Micros;
  readonly begun: Micros;
  readonly done: Micros;
  readonly state: InjectionState;
  /** The MTA's reply; 0: none was read. */
  readonly code: number;
}

/** An attempt to deliver to a recipient. ISP, source and reply are numbers, as in the records. */
export interface AttemptEvent {
  readonly at: Micros;
  readonly isp: number;
  readonly source: number;
  readonly connection: number;
  readonly reply: number;
  readonly stage: Stage;
  readonly outcome: AttemptOutcome;
  /** It was accepted, and the MTA can't have read so. */
  replyLost: boolean;
}

/** Something that came back from an ISP of what it had accepted. */
export interface FeedbackEvent {
  readonly at: Micros;
  readonly kind: FeedbackKind;
  readonly state: FeedbackState;
}

/** All that was recorded of one recipient. */
export interface History {
  readonly message: number;
  readonly slot: number;
  readonly load: LoadModel;
  /** In the order recorded. */
  readonly injections: InjectionEvent[];
  /** By their moments. */
  readonly attempts: AttemptEvent[];
  readonly dsns: { readonly at: Micros; readonly action: DsnAction }[];
  /** In the order recorded. */
  readonly feedback: FeedbackEvent[];
  /** What the MTA's queue listed at the end: the recipient itself, else a report about its message. */
  queued: Queued | undefined;
}

/** Gathers the histories of some recipients from a run's records. */
export class Histories {
  readonly #loads: readonly LoadModel[];
  readonly #found = new Map<number, History>();
  /** When the MTA was started anew. */
  readonly restarts: Micros[] = [];

  /** @param recipients numbers of recipients; those that were never planned have no history */
  constructor(loads: readonly LoadModel[], recipients: readonly number[]) {
    this.#loads = loads;
    for (const recipient of recipients) {
      const place = placeOfRecipient(loads, recipient);
      if (place)
        this.#found.set(recipient, {
          ...place,
          injections: [],
          attempts: [],
          dsns: [],
          feedback: [],
          queued: undefined,
        });
    }
  }

  /** Takes in packed records. */
  add(records: Uint8Array): void {
    const view = new RecordView(records);
    for (view.index = 0; view.index < view.count; view.index++) this.#take(view);
  }

  /** The history of one of the recipients. */
  of(recipient: number): History | undefined {
    const history = this.#found.get(recipient);
    history?.attempts.sort((a, b) => a.at - b.at);
    return history;
  }

  #take(view: RecordView): void {
    switch (view.kind) {
      case Kind.injection:
        this.#each(view.message, view.refusedSlot ?? NONE16, undefined, ({ injections }) =>
          injections.push(injectionOf(view)),
        );
        return;
      case Kind.attempt:
        this.#each(view.message, view.slot, view.isp, ({ attempts }) => attempts.push(attemptOf(view)));
        return;
      case Kind.replyLost:
        this.#each(view.message, view.slot, undefined, ({ attempts }) => {
          const { at, isp, connection } = view;
          const accepted = attempts.find((a) => a.at === at && a.connection === connection && a.isp === isp);
          if (accepted) accepted.replyLost = true;
        });
        return;
      case Kind.dsn:
        this.#each(view.message, view.slot, undefined, ({ dsns }) =>
          dsns.push({ at: view.at, action: DSN_ACTIONS[view.outcome] as DsnAction }),
        );
        return;
      case Kind.feedback: {
        const kind = FEEDBACK_KINDS[view.feedbackKind];
        const state = FEEDBACK_STATES[view.outcome];
        if (kind === undefined || state === undefined) return;
        this.#each(view.message, view.slot, undefined, ({ feedback }) =>
          feedback.push({ at: view.at, kind, state }),
        );
        return;
      }
      case Kind.mark:
        if (MARKS[view.outcome] === 'mta_starting') this.restarts.push(view.at);
        return;
      case Kind.pending: {
        const queued = QUEUED[view.outcome];
        this.#each(view.message, view.slot, undefined, (history) => {
          if (history.queued !== 'recipient') history.queued = queued;
        });
        return;
      }
    }
  }

  #each(message: number, slot: number, isp: number | undefined, act: (history: History) => void): void {
    eachRecipient(this.#loads, message, slot, isp, (recipient) => {
      const history = this.#found.get(recipient);
      if (history) act(history);
    });
  }
}

function injectionOf({ at, sentAfter, doneAfter, outcome, code }: RecordView): InjectionEvent {
  const state = INJECTION_STATES[outcome] as InjectionState;
  return { due: at, begun: at + sentAfter, done: at + doneAfter, state, code };
}

function attemptOf({ at, isp, source, connection, reply, stage, outcome }: RecordView): AttemptEvent {
  return {
    at,
    isp,
    source,
    connection,
    reply,
    stage,
    outcome: ATTEMPT_OUTCOMES[outcome] as AttemptOutcome,
    replyLost: false,
  };
}

const ANSWER: Readonly<Record<AttemptOutcome, LastAnswer>> = {
  accepted: 'accepted',
  throttled: '4xx',
  deferred: '4xx',
  rejected: '5xx',
  dropped: 'no-reply',
  abandoned: 'no-reply',
};

/**
 * What a history says of its recipient; the ledger says the same, unless records are missing.
 * @param restarts when the MTA was started anew
 */
export function knownFromHistory(
  { injections, attempts, dsns, feedback, queued }: History,
  restarts: readonly Micros[] = [],
): KnownRecipient {
  const accepted = attempts.filter(({ outcome }) => outcome === 'accepted');
  const last = attempts.at(-1);
  return {
    injection: injections.findLast(({ state }) => state !== 'deferred')?.state,
    accepted: accepted.length,
    lastAnswer: accepted.length > 0 ? 'accepted' : last ? ANSWER[last.outcome] : 'none',
    failedDsn: dsns.some(({ action }) => action === 'failed'),
    pending: queued !== undefined,
    repeated: repeatedIn(accepted, restarts),
    bouncedLater: feedback.some(({ kind, state }) => kind === 'bounce' && state === 'due'),
  };
}

function repeatedIn(accepted: readonly AttemptEvent[], restarts: readonly Micros[]): Repeated {
  const repeats = accepted.slice(1).map(({ at }, i) => {
    const before = accepted[i] as AttemptEvent;
    return {
      told: !before.replyLost,
      restarted: restarts.some((moment) => before.at < moment && moment <= at),
    };
  });
  if (repeats.some(({ told, restarted }) => told && !restarted)) return 'knowingly';
  return repeats.some(({ restarted }) => restarted) ? 'after a restart' : 'unknowingly';
}
