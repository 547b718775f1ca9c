/**
 * Whether runs differ from those of a baseline by more than runs differ among themselves. Pure.
 *
 * With three runs a side or more, Welch's test says what is noise. Quantities that gate are judged as a family, so that the
 * chance that one of them raises a false alarm is `alpha` for all together (Holm). A quantity that is one and the same in
 * all runs of both sides, such as nothing lost, can raise none and is not counted (R. E. Tarone, Biometrics 46, 1990). With
 * fewer runs nothing is known about noise, and a declared tolerance takes its place.
 */
import { holm } from './holm.ts';
import { meanOf, type Welch, welch } from './welch.ts';
import type { Word } from './words.ts';

/** Why a score is not a number, as in summaries; or that there was nothing to measure. */
export type ChangeWord = Word | 'no samples';

/** What one run says of a quantity. undefined: the run does not know the quantity. */
export type RunValue = number | ChangeWord | undefined;

/** A quantity as it was in the runs of both sides. */
export interface Compared {
  readonly better: 'higher' | 'lower' | undefined;
  /** What one message more or less makes of it, or one step of its measuring. Changes up to it are none. */
  readonly step: number;
  readonly baseline: readonly RunValue[];
  readonly runs: readonly RunValue[];
}

/** What counts as a change. Shares, 0 to 1. */
export interface ChangeRules {
  /** The chance of a false alarm where nothing has changed, for the whole family. */
  readonly alpha: number;
  /** The smallest change that matters, as a share of the baseline's mean, however sure it is. */
  readonly smallest: number;
  /** What counts as a change where there are too few runs to judge noise, as a share of the baseline's mean. */
  readonly tolerance: number;
}

/** The rules unless the user says otherwise. */
export const CHANGE_RULES: ChangeRules = { alpha: 0.05, smallest: 0.02, tolerance: 0.1 };

/** Runs that a side needs before its noise can be judged. */
export const ENOUGH_RUNS = 3;

/** `changed`: by more than noise, and neither direction is the better one. */
export type ChangeVerdict = 'no change' | 'better' | 'worse' | 'changed' | 'not comparable';

/** What became of a quantity. */
export interface Change {
  readonly verdict: ChangeVerdict;
  /** `words`: a side has words in place of numbers. `nothing`: a side has no value at all. */
  readonly judgedBy: 'noise' | 'tolerance' | 'words' | 'nothing';
  /** Means, where a side has numbers only. */
  readonly baseline: number | undefined;
  readonly runs: number | undefined;
  /** Of the difference of the means, in the quantity's unit; where it was judged by noise. */
  readonly interval:
    | { readonly significance: number; readonly from: number; readonly to: number }
    | undefined;
}

/** Judges quantities as one family. One alone is a family too. */
export function judgeChanges(family: readonly Compared[], rules: ChangeRules = CHANGE_RULES): Change[] {
  const looked = family.map((compared) => look(compared, rules));
  const tested = looked.filter((found): found is Tested => 'test' in found);
  const verdicts = holm(
    tested.map(({ test }) => test.p),
    rules.alpha,
  );
  return looked.map((found) => {
    if (!('test' in found)) return found;
    const { rejected, significance } = verdicts[tested.indexOf(found)] as (typeof verdicts)[number];
    return tell(found, rejected, significance, rules);
  });
}

/** A quantity that waits for what Holm says of its family. */
interface Tested {
  readonly compared: Compared;
  readonly test: Welch;
  readonly before: number;
  readonly after: number;
}

function look(compared: Compared, rules: ChangeRules): Tested | Change {
  const [baseline, runs] = [known(compared.baseline), known(compared.runs)];
  if (baseline.length === 0 || runs.length === 0)
    return withoutNumbers('not comparable', 'nothing', baseline, runs);
  const [old, fresh] = [baseline.filter(isNumber), runs.filter(isNumber)];
  if (old.length < baseline.length || fresh.length < runs.length)
    return withoutNumbers(verdictOnWords(baseline, runs, compared), 'words', baseline, runs);
  const [before, after] = [meanOf(old), meanOf(fresh)];
  if (old.length < ENOUGH_RUNS || fresh.length < ENOUGH_RUNS) {
    const beyond = matters(after - before, before, compared.step, rules.tolerance);
    const verdict = beyond ? direction(after - before, compared.better) : 'no change';
    return { verdict, judgedBy: 'tolerance', baseline: before, runs: after, interval: undefined };
  }
  const test = welch(old, fresh);
  if (isConstant([...old, ...fresh])) {
    const interval = { significance: rules.alpha, from: 0, to: 0 };
    return { verdict: 'no change', judgedBy: 'noise', baseline: before, runs: after, interval };
  }
  return { compared, test, before, after };
}

function tell(
  { compared, test, before, after }: Tested,
  rejected: boolean,
  significance: number,
  { smallest }: ChangeRules,
): Change {
  const [from, to] = test.interval(significance);
  const beyond = rejected && matters(test.difference, before, compared.step, smallest);
  return {
    verdict: beyond ? direction(test.difference, compared.better) : 'no change',
    judgedBy: 'noise',
    baseline: before,
    runs: after,
    interval: { significance, from, to },
  };
}

function matters(difference: number, before: number, step: number, share: number): boolean {
  return Math.abs(difference) > Math.max(step, share * Math.abs(before));
}

function direction(difference: number, better: Compared['better']): ChangeVerdict {
  if (better === undefined) return 'changed';
  return difference > 0 === (better === 'higher') ? 'better' : 'worse';
}

// --- words ---

/** How bad a word is; a number is 0. What is missing here can't be ranked. */
const BADNESS: Readonly<Partial<Record<ChangeWord, number>>> = { 'not reached': 1, never: 2 };

/**
 * A word is beyond noise where all runs of one side have something that no run of the other side has. By chance that
 * happens at most 3 times in 100 with three runs a side (a word that comes every other time: 2 · 0.5⁶).
 */
function verdictOnWords(
  baseline: readonly (number | ChangeWord)[],
  runs: readonly (number | ChangeWord)[],
  { better }: Compared,
): ChangeVerdict {
  const [before, after] = [baseline.map(kindOf), runs.map(kindOf)];
  if (isConstant([...before, ...after])) return 'no change';
  if (before.some((kind) => after.includes(kind))) return 'not comparable';
  const [old, fresh] = [before.map(badness), after.map(badness)];
  if (better !== undefined && Math.max(...old) < Math.min(...fresh)) return 'worse';
  if (better !== undefined && Math.max(...fresh) < Math.min(...old)) return 'better';
  return 'changed';
}

function kindOf(value: number | ChangeWord): ChangeWord | 'number' {
  return isNumber(value) ? 'number' : value;
}

/** NaN, which compares as false with everything, for what can't be ranked. */
function badness(kind: ChangeWord | 'number'): number {
  return kind === 'number' ? 0 : (BADNESS[kind] ?? Number.NaN);
}

function withoutNumbers(
  verdict: ChangeVerdict,
  judgedBy: 'words' | 'nothing',
  baseline: readonly (number | ChangeWord)[] = [],
  runs: readonly (number | ChangeWord)[] = [],
): Change {
  const mean = (side: readonly (number | ChangeWord)[]): number | undefined =>
    side.length > 0 && side.every(isNumber) ? meanOf(side) : undefined;
  return { verdict, judgedBy, baseline: mean(baseline), runs: mean(runs), interval: undefined };
}

function known(values: readonly RunValue[]): (number | ChangeWord)[] {
  return values.filter((value) => value !== undefined);
}

function isNumber(value: number | ChangeWord): value is number {
  return typeof value === 'number';
}

function isConstant(values: readonly unknown[]): boolean {
  return values.every((value) => value === values[0]);
}
