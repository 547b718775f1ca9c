/** What a worker holds of limits that it shares with others: what it spends, what it asks for, what it hands back. */
import type { Micros } from '../../src/core/clock.ts';
import { sharedAccount } from './accounts.ts';
import { type LeaseOrder, type LeaseReport, type Part, resized, sizeOf, standingUnits } from './leases.ts';
import { type Account, ruleFor, spare } from './limits.ts';
import type { IspState, LeaseCounter } from './state.ts';
import type { LimitTable } from './tables.ts';

interface Lease {
  readonly table: LimitTable;
  readonly key: string | number;
  readonly account: Account;
  /** Units that came from the owner, taken or not. */
  seen: number;
  /** Charged since the last report. */
  spent: number;
  /** When something was charged last. */
  last: Micros;
  /** The largest amount that was asked for. */
  largest: number;
  /** With less than that left it asks for more. */
  low: number;
  /** Whether somebody was refused for want of units since the last report. */
  starved: boolean;
  /** Whether it is on the list of those to be reported. */
  noted: boolean;
  /** Whether units came or went, so that it is not what a new one would be. */
  moved: boolean;
}

/** The leases of one worker. It makes no step of its own: whoever has it carries reports and orders. */
export class LeaseHolder implements LeaseCounter {
  readonly #state: IspState;
  readonly #part: Part;
  readonly #leases = new WeakMap<Account, Lease>();
  #noted: Lease[] = [];
  readonly #onNews: () => void;

  /** @param onNews called when there is something to report, where there was nothing before */
  constructor(state: IspState, part: Part, onNews: () => void) {
    this.#state = state;
    this.#part = part;
    this.#onNews = onNews;
    for (const table of state.tables) if (table.shared) table.lasting = (account) => this.#lasts(account);
  }

  /** An amount was charged to an account. */
  charged(table: LimitTable, key: string | number, account: Account, amount: number, now: Micros): void {
    const lease = this.#leaseOf(table, key, account);
    lease.spent += amount;
    lease.last = now;
    if (amount > lease.largest) lease.largest = amount;
    const { kind } = account.rule;
    const opens = kind === 'window' && account.used === amount;
    if (kind === 'bucket' || opens || sizeOf(account.rule) - account.used < lowOf(lease)) this.#note(lease);
  }

  /** An amount was refused for want of units. */
  refused(table: LimitTable, key: string | number, account: Account, amount: number): void {
    const lease = this.#leaseOf(table, key, account);
    lease.starved = true;
    lease.largest = Math.max(lease.largest, amount);
    this.#note(lease);
  }

  /** What there is to tell the owner. */
  reports(now: Micros): LeaseReport[] {
    const noted = this.#noted;
    this.#noted = [];
    return noted.map((lease) => this.#report(lease, now));
  }

  /** Does what the owner says. */
  obey({ limit, key, size, give, recall, origin }: LeaseOrder, now: Micros): void {
    const table = this.#state.tables[limit] as LimitTable;
    const account = sharedAccount(this.#state, table, key, now);
    const lease = this.#leaseOf(table, key, account);
    spare(account, now);
    lease.seen += give;
    lease.moved ||= give > 0 || recall;
    if (give > 0 && size === this.#sizeOf(account, now)) {
      account.rule = resized(account.rule, sizeOf(account.rule) + give);
    }
    if (origin !== undefined && moveWindow(lease, origin, now)) this.#note(lease);
    if (!recall) return;
    const free = spare(account, now);
    if (free > 0) account.rule = resized(account.rule, sizeOf(account.rule) - Math.ceil(free / 2));
    this.#note(lease);
  }

  #leaseOf(table: LimitTable, key: string | number, account: Account): Lease {
    const known = this.#leases.get(account);
    if (known) return known;
    const low = Math.ceil(sizeOf(account.rule) / 2);
    const lease: Lease = {
      table,
      key,
      account,
      seen: 0,
      spent: 0,
      last: Number.NEGATIVE_INFINITY,
      largest: 1,
      low,
      starved: false,
      noted: false,
      moved: false,
    };
    this.#leases.set(account, lease);
    return lease;
  }

  /** Forgetting what came from the owner or went back to it would make units out of nothing. */
  #lasts(account: Account): boolean {
    const lease = this.#leases.get(account);
    return lease !== undefined && (lease.noted || lease.moved);
  }

  #note(lease: Lease): void {
    if (lease.noted) return;
    lease.noted = true;
    if (this.#noted.push(lease) === 1) this.#onNews();
  }

  #report(lease: Lease, now: Micros): LeaseReport {
    const { table, key, account, seen, spent } = lease;
    const free = spare(account, now);
    const size = this.#sizeOf(account, now);
    const standing = standingUnits(size, this.#part);
    lease.low = Math.ceil(standing / 2);
    // Whom nobody asks for anything needs nothing, however little it has: it would only pass units back and forth.
    const isBucket = account.rule.kind === 'bucket';
    const needy = lease.starved || (spent > 0 && (isBucket || free < lowOf(lease)));
    const most = Math.max(standing, 2 * spent, lease.largest) - Math.max(0, free);
    const want = needy ? Math.max(lease.starved ? 1 : 0, most) : 0;
    lease.noted = false;
    lease.starved = false;
    lease.spent = 0;
    return {
      limit: table.index,
      key,
      size,
      used: isBucket ? spent : account.used,
      held: isBucket ? free : sizeOf(account.rule),
      origin: account.origin,
      seen,
      want,
    };
  }

  /** The size of the whole limit of which an account is a part. */
  #sizeOf({ timeline, terms }: Account, now: Micros): number {
    return sizeOf(ruleFor({ ...timeline, partOf: undefined }, terms, now));
  }
}

function lowOf({ low, largest }: Lease): number {
  return Math.max(low, largest === 1 ? 1 : 2 * largest);
}

/**
 * Puts a window where the owner says that it is: all workers' windows are one. Returns true if the owner must hear how
 * that came out, because the window is over by now and another has begun since.
 */
function moveWindow({ account, last }: Lease, origin: Micros, now: Micros): boolean {
  const { rule } = account;
  if (account.used === 0 || rule.kind !== 'window' || rule.per === null) return false;
  const end = origin + rule.per;
  if (end > now) account.origin = origin;
  else if (account.origin < end) {
    const begun = last >= end;
    // Of what was used some may have been of the window before; it counts for this one, lest anything count for none.
    if (begun) account.origin = last;
    else account.used = 0;
    return begun;
  }
  return false;
}
