/** The true accounts of limits that several workers share, and what each of them holds of each. */
import type { Micros } from '../../src/core/clock.ts';
import { sharedAccount, standingsUnder } from './accounts.ts';
import { type LeaseOrder, type LeaseReport, sizeOf, standingUnits } from './leases.ts';
import { type Account, spare } from './limits.ts';
import { settle } from './standing.ts';
import type { IspState } from './state.ts';
import type { LimitTable } from './tables.ts';

/** How long a worker that was asked to hand back is left in peace. */
const RECALL_MICROS = 10_000;

/** What one worker holds of one account, at most. */
interface Loan {
  /** See LeaseReport; units on their way to it are counted. */
  held: number;
  used: number;
  /** Units that were ever given. */
  given: number;
  want: number;
  recalled: Micros;
}

interface Entry {
  readonly table: LimitTable;
  readonly key: string | number;
  readonly account: Account;
  readonly loans: readonly Loan[];
  /** The size by which the loans were made. */
  size: number;
  /** When the window before this one ended. */
  ended: Micros;
}

/** Owns the shared limits of one ISP. It makes no step of its own: whoever has it carries reports and orders. */
export class LeaseOwner {
  readonly #state: IspState;
  readonly #parts: number;
  readonly #entries = new Map<Account, Entry>();
  /** Entries with a want that could not be met, or with more lent than there is. */
  readonly #pending = new Set<Entry>();
  #orders: LeaseOrder[][];
  /** The next moment at which a rule changes. */
  #changes: Micros = Number.POSITIVE_INFINITY;

  /** @param state its tables hold the true accounts */
  constructor(state: IspState, parts: number) {
    this.#state = state;
    this.#parts = parts;
    this.#orders = this.#noOrders();
  }

  /** Whether `tick` is needed every few milliseconds. */
  get pending(): boolean {
    return this.#pending.size > 0;
  }

  /** Takes in how an account of one worker stands. */
  report(part: number, report: LeaseReport, now: Micros): void {
    const entry = this.#entryOf(report, now);
    const loan = entry.loans[part] as Loan;
    this.#settle(entry, now);
    const underWay = loan.given - report.seen;
    const { account } = entry;
    if (account.rule.kind === 'bucket') {
      account.used += report.used;
      loan.held = report.held + underWay;
    } else {
      const standing = standingUnits(entry.size, { part, parts: this.#parts });
      loan.held = (report.size === entry.size ? report.held : Math.max(report.held, standing)) + underWay;
      if (account.rule.kind === 'concurrency') {
        loan.used = report.used;
        account.used = sum(entry.loans, ({ used }) => used);
      } else this.#align(entry, part, report, now);
    }
    loan.want = Math.max(0, report.want - underWay);
    this.#serve(entry, now);
  }

  /** Gives out what has come in since, and follows the rules as they change. */
  tick(now: Micros): void {
    if (now >= this.#changes) {
      this.#changes = Number.POSITIVE_INFINITY;
      for (const entry of this.#entries.values()) {
        this.#settle(entry, now);
        this.#changes = Math.min(this.#changes, entry.account.until);
        this.#serve(entry, now);
      }
    } else for (const entry of [...this.#pending]) this.#serve(entry, now);
  }

  /** The orders for each worker since the last call. */
  orders(): readonly (readonly LeaseOrder[])[] {
    const orders = this.#orders;
    this.#orders = this.#noOrders();
    return orders;
  }

  /** The next moment at which `tick` is needed, even if nothing is pending. */
  get changes(): Micros {
    return this.#changes;
  }

  #noOrders(): LeaseOrder[][] {
    return Array.from({ length: this.#parts }, () => []);
  }

  #entryOf({ limit, key }: LeaseReport, now: Micros): Entry {
    const table = this.#state.tables[limit] as LimitTable;
    const account = sharedAccount(this.#state, table, key, now);
    const known = this.#entries.get(account);
    if (known) return known;
    table.lasting ??= (one) => this.#lasts(one);
    const size = sizeOf(account.rule);
    const loans = Array.from({ length: this.#parts }, (_, part) => ({
      held: standingUnits(size, { part, parts: this.#parts }),
      used: 0,
      given: 0,
      want: 0,
      recalled: Number.NEGATIVE_INFINITY,
    }));
    const entry = { table, key, account, loans, size, ended: Number.NEGATIVE_INFINITY };
    this.#entries.set(account, entry);
    this.#changes = Math.min(this.#changes, account.until);
    return entry;
  }

  /** An account on which every worker has its standing part, and no more, may be forgotten with its loans. */
  #lasts(account: Account): boolean {
    const entry = this.#entries.get(account);
    if (!entry) return false;
    const asNew = entry.loans.every(
      ({ held, given, want }, part) =>
        given === 0 && want === 0 && held === standingUnits(entry.size, { part, parts: this.#parts }),
    );
    if (asNew) this.#entries.delete(account);
    return !asNew;
  }

  /** Brings an account up to `now`: its terms, its refill, its window. */
  #settle(entry: Entry, now: Micros): void {
    const { table, key, account, loans } = entry;
    const standings = standingsUnder(this.#state, table.limit.key);
    const standing = typeof key === 'string' ? standings?.known.get(key) : undefined;
    if (standings && standing) settle(standings, standing, this.#state.tables, now);
    const { origin, used } = account;
    spare(account, now);
    const { rule } = account;
    if (rule.kind === 'window' && rule.per !== null && used > 0 && account.used === 0) {
      entry.ended = origin + rule.per;
      for (const loan of loans) loan.used = 0;
    }
    const size = sizeOf(rule);
    if (size === entry.size) return;
    entry.size = size;
    // On other terms workers fall back to their standing part by themselves; a bucket gets nothing from that.
    if (rule.kind === 'bucket') return;
    loans.forEach((loan, part) => {
      loan.held = Math.max(loan.held, standingUnits(size, { part, parts: this.#parts }));
    });
  }

  /** Finds the window that a worker has counted in. Where it isn't quite the one that all count in, it is told. */
  #align(entry: Entry, part: number, { origin, used }: LeaseReport, now: Micros): void {
    const { account, loans, ended } = entry;
    const { rule } = account;
    const loan = loans[part] as Loan;
    const per = rule.kind === 'window' ? (rule.per ?? Number.POSITIVE_INFINITY) : 0;
    if (used === 0 || origin + per <= now) return;
    if (origin < ended) {
      // It began in the window before, which was over before it heard of that one.
      this.#order(entry, part, { origin: ended - per });
      return;
    }
    const earlier = account.used > 0 && origin < account.origin;
    if (account.used === 0 || earlier) account.origin = origin;
    loan.used = used;
    account.used = sum(loans, (one) => one.used);
    loans.forEach((one, index) => {
      const wrong = index === part ? account.origin !== origin : earlier && one.used > 0;
      if (wrong) this.#order(entry, index, { origin: account.origin });
    });
  }

  /** Units that nobody holds. Less than none right after a rule has become stricter. */
  #left({ account, loans }: Entry, now: Micros): number {
    if (account.rule.kind === 'bucket') return spare(account, now) - sum(loans, ({ held }) => held);
    return sizeOf(account.rule) - sum(loans, ({ held, used }) => Math.max(held, used));
  }

  #serve(entry: Entry, now: Micros): void {
    const { loans } = entry;
    let left = Math.floor(this.#left(entry, now));
    let wanted = sum(loans, ({ want }) => want);
    // Whoever wants least is served first, so that the rest of a division goes to whoever wants most.
    const hungry = loans.filter(({ want }) => want > 0).sort((a, b) => a.want - b.want);
    for (const loan of hungry) {
      if (left < 1) break;
      const give =
        left >= wanted ? loan.want : Math.min(left, Math.max(1, Math.floor((left * loan.want) / wanted)));
      wanted -= loan.want;
      left -= give;
      loan.want -= give;
      loan.held += give;
      loan.given += give;
      this.#order(entry, loans.indexOf(loan), { give });
    }
    const unmet = hungry.some(({ want }) => want > 0);
    if (unmet || left < 0) {
      this.#pending.add(entry);
      this.#recall(entry, unmet, now);
    } else this.#pending.delete(entry);
  }

  /** Takes units from whoever has more than the neediest. */
  #recall(entry: Entry, unmet: boolean, now: Micros): void {
    const { loans, account } = entry;
    const { kind } = account.rule;
    const freeOf = ({ held, used }: Loan): number => (kind === 'bucket' ? held : held - used);
    const neediest = Math.min(...loans.filter(({ want }) => want > 0).map(freeOf));
    loans.forEach((loan, part) => {
      if (now < loan.recalled + RECALL_MICROS) return;
      // Places come free without a word, so that what a worker has of them must be asked.
      const enough = unmet && kind !== 'concurrency' ? Math.max(0, neediest) : 0;
      if ((kind === 'concurrency' ? loan.held : freeOf(loan)) <= enough) return;
      loan.recalled = now;
      this.#order(entry, part, { recall: true });
    });
  }

  #order({ table, key, size }: Entry, part: number, what: Partial<LeaseOrder>): void {
    const order = { limit: table.index, key, size, give: 0, recall: false, origin: undefined, ...what };
    (this.#orders[part] as LeaseOrder[]).push(order);
  }
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  let total = 0;
  for (const one of all) total += of(one);
  return total;
}
