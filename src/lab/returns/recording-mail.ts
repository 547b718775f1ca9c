/** From what came back to the senders' mailroom to records. */
import type { DsnMail, OtherMail } from '../../../fakes/mailroom/mailroom.ts';
import { mailboxIn } from '../../../fakes/mailroom/subject.ts';
import type { Micros } from '../../core/clock.ts';
import { isFollowUp } from '../../core/identity.ts';
import { NO_ISP, NONE16, NONE32, type Packer } from '../../record/attempt-log.ts';
import { type LoadModel, loadOfMessage, placeOfRecipient } from '../../record/run-model.ts';

/** A recipient of the run, as far as a mail tells: NONE32 and NONE16 where it does not, or tells of none of the run's. */
interface Whom {
  readonly message: number;
  readonly slot: number;
  readonly isp: number;
}

/** Records what a mailroom takes in. */
export class MailRecorder {
  readonly #events: Packer;
  readonly #loads: readonly LoadModel[];
  /** The address that each ISP sends its own bounces from. */
  readonly #bouncers: readonly (string | undefined)[];
  readonly #mta: string | undefined;

  /**
   * @param bouncers what each ISP's own bounces have in From, by index; undefined: it sends none
   * @param mta the name of the MTA under test, whose bounces are no ISP's; undefined: there is none
   */
  constructor(
    events: Packer,
    loads: readonly LoadModel[],
    bouncers: readonly (string | undefined)[],
    mta: string | undefined,
  ) {
    this.#events = events;
    this.#loads = loads;
    this.#bouncers = bouncers.map(mailboxIn);
    this.#mta = mta?.toLowerCase();
  }

  /**
   * A DSN: a record for each recipient that it names. Where the recipient's ISP has sent it, the bounce was `received` as well:
   * it is from the address that this ISP bounces from, and another server than the MTA reports.
   */
  dsn(at: Micros, { message, reports, from, reportingMta }: DsnMail): void {
    for (const { slot, mailbox, action } of reports) {
      const whom = this.#whom(message, slot, mailbox);
      if (whom.message === NONE32 || whom.slot === NONE16) continue;
      this.#events.dsn({ at, message: whom.message, slot: whom.slot, action });
      const isps = from !== undefined && from === this.#bouncers[whom.isp];
      if (isps && reportingMta !== this.#mta && action === 'failed') this.#received(at, whom, 'bounce');
    }
  }

  /** Any other mail: a record that it was received, if it is of a kind that an ISP or its users send. */
  other(at: Micros, { kind, message, slot, mailbox }: OtherMail): void {
    if (kind !== 'other') this.#received(at, this.#whom(message, slot, mailbox), kind);
  }

  #received(at: Micros, whom: Whom, kind: Exclude<OtherMail['kind'], 'other'>): void {
    this.#events.feedback({ at, ...whom, source: NONE16, kind, state: 'received' });
  }

  /** Where the message is not told, the mailbox tells it if each is written to once; a message's only recipient needs no telling. */
  #whom(message: number | undefined, slot: number | undefined, mailbox: number | undefined): Whom {
    const place = mailbox === undefined ? undefined : placeOfRecipient(this.#loads, mailbox);
    const found = message ?? (place?.load.repeatAfter === undefined ? place?.message : undefined);
    // It belongs to no load, and counts nowhere.
    if (found !== undefined && isFollowUp(found))
      return { message: found, slot: slot ?? NONE16, isp: NO_ISP };
    const load = found === undefined ? undefined : loadOfMessage(this.#loads, found);
    if (found === undefined || !load) return { message: NONE32, slot: NONE16, isp: NO_ISP };
    const known = load.recipientsPerMessage === 1 ? 0 : (slot ?? NONE16);
    if (known >= load.recipientsPerMessage) return { message: found, slot: NONE16, isp: NO_ISP };
    return { message: found, slot: known, isp: load.ispOf(found, known) };
  }
}
