/** Whom ISPs have sent reports about: what the MTA's own log is held against. */
import { FEEDBACK_KINDS, FEEDBACK_STATES, NONE16, NONE32, type RecordView } from './attempt-log.ts';
import { RecipientFlags } from './recipient-flags.ts';
import { eachRecipient, type LoadModel } from './run-model.ts';

/** What an MTA's log may tell of. */
export const REPORT_KINDS = ['complaint', 'withdrawal', 'bounce'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** The flag of a kind of report. */
export function reportFlag(kind: ReportKind): number {
  return 1 << REPORT_KINDS.indexOf(kind);
}

/** Takes in records of the return path, and remembers of whom reports were confirmed. */
export class SentReports {
  readonly #flags = new RecipientFlags();
  readonly #loads: readonly LoadModel[];

  constructor(loads: readonly LoadModel[]) {
    this.#loads = loads;
  }

  add({ feedbackKind, outcome, message, slot }: RecordView): void {
    const kind = REPORT_KINDS.find((known) => known === FEEDBACK_KINDS[feedbackKind]);
    if (kind === undefined || FEEDBACK_STATES[outcome] !== 'sent') return;
    if (message === NONE32 || slot === NONE16) return;
    eachRecipient(this.#loads, message, slot, undefined, (recipient) =>
      this.#flags.mark(recipient, reportFlag(kind)),
    );
  }

  /** Each recipient that a report was sent about, with the flags of the kinds. */
  recipients(): IterableIterator<readonly [recipient: number, flags: number]> {
    return this.#flags[Symbol.iterator]();
  }

  /** The flags of the kinds that were sent about a recipient. */
  of(recipient: number): number {
    return this.#flags.of(recipient);
  }
}
