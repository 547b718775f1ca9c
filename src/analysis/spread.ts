/**
 * Whether mail left from the virtual MTAs that it was to leave from: how the first attempts at each ISP are spread over
 * them, beside the shares that were asked for.
 */
import type { Ledger } from '../record/ledger.ts';
import { type LoadModel, placeOfRecipient } from '../record/run-model.ts';
import { judgeRecipient, knownFrom, type MtaEvidence, type Outcome } from './conservation.ts';

/** What messages ask for: a virtual MTA by its name, or a pool. */
export interface Ask {
  readonly name: string;
  /** Virtual MTAs by their place in `SpreadPlan.vmtas`, with their weights in the pool. */
  readonly members: readonly { readonly vmta: number; readonly weight: number }[];
}

/** What a run asks of the spread. Plain data: it is kept in run.json. */
export interface SpreadPlan {
  /** `sources`: numbers of the sources that it sends from. */
  readonly vmtas: readonly { readonly name: string; readonly sources: readonly number[] }[];
  readonly asks: readonly Ask[];
  /** By load what its messages ask for in turn: message n has entry n modulo the length. null: what nobody can know. */
  readonly loads: readonly (readonly (number | null)[])[];
  /** By ISP, by source: whether the ISP has a mail host of the source's family. */
  readonly reach: readonly (readonly boolean[])[];
}

/** Recipients by what became of them. */
export type Outcomes = Record<Outcome, number>;

/** A virtual MTA at an ISP, in first attempts of recipients. */
export interface VmtaSpread {
  readonly vmta: number;
  /** How many of them were to leave from it; undefined: nobody knows what they ask for. */
  readonly asked: number | undefined;
  readonly seen: number;
  /** The least and the most that chance explains, where weights decide. */
  readonly chance: readonly [number, number];
  /** It is beyond that, and by more than a twentieth of what was asked. */
  readonly off: boolean;
}

/** Mail for an ISP that no source of a virtual MTA can reach. */
export interface Unreachable {
  /** What the mail asks for, and whom of it the ISP is out of reach for. */
  readonly ask: number;
  readonly vmtas: readonly number[];
  /** `all`: nothing that the mail asks for reaches the ISP. `some`: others of the pool do. */
  readonly which: 'all' | 'some';
  /** Recipients of confirmed injections who ask for it; with `some` those alone whom nobody tried to reach. */
  readonly recipients: number;
  readonly outcomes: Outcomes;
}

/** The spread at one ISP. */
export interface IspSpread {
  /** Recipients that were tried. */
  readonly firstAttempts: number;
  /** First attempts from a virtual MTA that the message had not asked for, or from no virtual MTA. */
  readonly elsewhere: number;
  readonly vmtas: readonly VmtaSpread[];
  readonly unreachable: readonly Unreachable[];
}

/** A difference below this part of what was asked is none, however sure. */
const SLIGHT = 0.05;

/** How likely a run whose mail is spread as asked is called wrong at some ISP. */
const FALSE_ALARM = 0.01;

/** What of a pool (or a virtual MTA) reaches an ISP, with the shares that this leaves to each. */
interface Within {
  readonly shares: ReadonlyMap<number, number>;
  /** Virtual MTAs that don't reach it. */
  readonly beyond: readonly number[];
}

/** First attempts with one ask, or with none that is known. */
interface Counted {
  recipients: number;
  /** Recipients of one message may go the same way together, and count as one draw. */
  messages: number;
  /** By virtual MTA; NOBODY: an address of none. */
  readonly byVmta: Map<number, number>;
  /** Of recipients who ask for what does not reach their ISP. */
  stranded: number;
  readonly outcomes: Outcomes;
}

const NOBODY = -1;
/** In place of an ask. */
const UNKNOWN = -1;

/**
 * Goes through the ledger once.
 * @returns one entry an ISP
 */
export function spreadOf(
  ledger: Ledger,
  loads: readonly LoadModel[],
  plan: SpreadPlan,
  evidence: MtaEvidence,
): IspSpread[] {
  const within = plan.reach.map((_, isp) => plan.asks.map((ask) => withinReach(ask, plan, isp)));
  const counted = countFirsts(ledger, loads, plan, within, evidence);
  const cells = within.reduce(
    (sum, asks, isp) =>
      sum +
      new Set(asks.flatMap(({ shares }, ask) => (counted[isp]?.has(ask) ? [...shares.keys()] : []))).size,
    0,
  );
  const sureness = Math.log((2 * Math.max(1, cells)) / FALSE_ALARM);
  return within.map((asks, isp) => atIsp(counted[isp] ?? new Map(), asks, plan, sureness));
}

/** Whether a virtual MTA has a source that reaches an ISP. */
export function reaches({ vmtas, reach }: SpreadPlan, vmta: number, isp: number): boolean {
  return vmtas[vmta]?.sources.some((source) => reach[isp]?.[source]) ?? false;
}

/** Who can't send takes no part: its share falls to the others, by their weights. */
function withinReach({ members }: Ask, plan: SpreadPlan, isp: number): Within {
  const able = members.filter(({ vmta }) => reaches(plan, vmta, isp));
  const weights = able.reduce((sum, { weight }) => sum + weight, 0);
  return {
    shares: new Map(able.map(({ vmta, weight }) => [vmta, weight / weights])),
    beyond: members.filter((member) => !able.includes(member)).map(({ vmta }) => vmta),
  };
}

function countFirsts(
  ledger: Ledger,
  loads: readonly LoadModel[],
  plan: SpreadPlan,
  within: readonly (readonly Within[])[],
  evidence: MtaEvidence,
): Map<number, Counted>[] {
  const byIsp = plan.reach.map(() => new Map<number, Counted>());
  const vmtaOf = new Map(plan.vmtas.flatMap(({ sources }, vmta) => sources.map((source) => [source, vmta])));
  const turnsOf = new Map(loads.map((load, index) => [load, plan.loads[index] ?? []]));
  let last: number | undefined;
  const ispsOfMessage = new Set<number>();
  for (const r of ledger.recipients()) {
    const place = placeOfRecipient(loads, r);
    if (!place) continue;
    const { load, message, slot } = place;
    if (message !== last) ispsOfMessage.clear();
    last = message;
    const isp = load.ispOf(message, slot);
    const turns = turnsOf.get(load) ?? [];
    const ask = turns[message % turns.length] ?? UNKNOWN;
    const byAsk = byIsp[isp];
    if (!byAsk) continue;
    let counted = byAsk.get(ask);
    if (!counted) {
      counted = { recipients: 0, messages: 0, byVmta: new Map(), stranded: 0, outcomes: noOutcomes() };
      byAsk.set(ask, counted);
    }
    const tried = ledger.attempts(r) > 0;
    if (tried) {
      counted.recipients++;
      if (!ispsOfMessage.has(isp)) counted.messages++;
      ispsOfMessage.add(isp);
      const vmta = vmtaOf.get(ledger.firstFrom(r)) ?? NOBODY;
      counted.byVmta.set(vmta, (counted.byVmta.get(vmta) ?? 0) + 1);
    }
    const { shares, beyond } = within[isp]?.[ask] ?? {};
    if (!beyond || beyond.length === 0 || (tried && shares && shares.size > 0)) continue;
    const outcome = judgeRecipient(knownFrom(ledger, r), evidence)?.outcome;
    if (outcome === undefined) continue;
    counted.stranded++;
    counted.outcomes[outcome]++;
  }
  return byIsp;
}

/** What was asked of a virtual MTA and seen. Where weights decide, chance may bring the two apart. */
interface Tally {
  seen: number;
  /** Nothing but the virtual MTA will do; of what nobody knows, what is seen passes for what was asked. */
  certain: number;
  isAsked: boolean;
  /** Recipients and messages of pools that it is in, and its part of those recipients. */
  readonly drawn: { recipients: number; messages: number; asked: number };
}

function atIsp(
  byAsk: ReadonlyMap<number, Counted>,
  within: readonly Within[],
  plan: SpreadPlan,
  sureness: number,
): IspSpread {
  let firstAttempts = 0;
  let elsewhere = 0;
  const tallies = plan.vmtas.map(
    (): Tally => ({
      seen: 0,
      certain: 0,
      isAsked: false,
      drawn: { recipients: 0, messages: 0, asked: 0 },
    }),
  );
  for (const [ask, { recipients, messages, byVmta }] of byAsk) {
    firstAttempts += recipients;
    const shares = within[ask]?.shares;
    for (const [vmta, seen] of byVmta) {
      const tally = tallies[vmta];
      if (tally) tally.seen += seen;
      if (tally && !shares) tally.certain += seen;
      if (shares ? !shares.has(vmta) : vmta === NOBODY) elsewhere += seen;
    }
    for (const [vmta, share] of shares ?? []) {
      const tally = tallies[vmta];
      if (!tally || recipients === 0) continue;
      tally.isAsked = true;
      if (share === 1) tally.certain += recipients;
      else {
        tally.drawn.recipients += recipients;
        tally.drawn.messages += messages;
        tally.drawn.asked += recipients * share;
      }
    }
  }
  return {
    firstAttempts,
    elsewhere,
    vmtas: tallies.map((tally, vmta) =>
      vmtaSpread(vmta, tally, tally.isAsked || !byAsk.has(UNKNOWN), sureness),
    ),
    unreachable: [...byAsk].flatMap(([ask, { stranded, outcomes }]) => {
      const { shares, beyond = [] } = within[ask] ?? {};
      if (!shares || beyond.length === 0) return [];
      const which = shares.size === 0 ? 'all' : 'some';
      return [{ ask, vmtas: beyond, which, recipients: stranded, outcomes }] as const;
    }),
  };
}

function vmtaSpread(
  vmta: number,
  { seen, certain, drawn }: Tally,
  known: boolean,
  sureness: number,
): VmtaSpread {
  const { recipients, messages, asked } = drawn;
  const [low, high] = recipients === 0 ? [0, 0] : chanceRange(asked / recipients, messages, sureness);
  const all = certain + asked;
  const chance = [certain + low * recipients, certain + high * recipients] as const;
  return {
    vmta,
    asked: known ? all : undefined,
    seen,
    chance,
    off: known && (seen < chance[0] || seen > chance[1]) && Math.abs(seen - all) > SLIGHT * all,
  };
}

/**
 * Where a share of so many independent draws lies, but for once in so many times: Chernoff's bound, which holds for few
 * draws too, and where their chances differ (Hoeffding 1963, theorem 1).
 */
function chanceRange(share: number, draws: number, sureness: number): [low: number, high: number] {
  const surprise = (seen: number): number => {
    const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
    return draws * (part(seen, share) + part(1 - seen, 1 - share));
  };
  // From the share outwards it rises, so halving finds where it is enough.
  const reach = (end: number): number => {
    if (surprise(end) <= sureness) return end;
    let [inside, outside] = [share, end];
    for (let i = 0; i < 50; i++) {
      const middle = (inside + outside) / 2;
      if (surprise(middle) <= sureness) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return [reach(0), reach(1)];
}

function noOutcomes(): Outcomes {
  return { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 };
}
