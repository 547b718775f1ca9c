import { HarnessError } from '../../core/errors.ts';
import { type Baseline, isRelative } from '../../gate/baseline.ts';
import type { Plan } from '../../scenario/plan.ts';
import { emptyIn, readBaseline } from './baseline-runs.ts';

/**
 * Reads the baseline that a plan is to be judged by.
 * @param named as for `demandBaseline`
 * @returns the plan to judge, its baseline, if it has one, and what limits the verdict's worth
 * @throws HarnessError of kind `usage` as `demandBaseline` does, or if the baseline can't be read
 */
export function withBaseline(
  plan: Plan,
  named: string | undefined,
): { readonly plan: Plan; readonly baseline: Baseline | undefined; readonly warnings: readonly string[] } {
  const demanded = demandBaseline(plan, named);
  const { thresholds } = demanded.plan;
  const baseline = named === undefined || named === 'none' ? undefined : readBaseline(named, thresholds);
  const empty = baseline ? emptyIn(baseline, thresholds) : [];
  return { plan: demanded.plan, baseline, warnings: [...demanded.warnings, ...empty] };
}

/**
 * Sees to it that limits which are relative to a baseline have one, before anything starts.
 * @param baseline as the user named it: a folder; `none`, to fly a run that is to be a baseline itself; or nothing
 * @returns the plan to fly, and what its report should say at the top
 * @throws HarnessError of kind `usage` if a baseline is needed and nothing was said about it
 */
export function demandBaseline(plan: Plan, baseline: string | undefined): { plan: Plan; warnings: string[] } {
  const relative = plan.thresholds.filter(isRelative);
  const [first] = relative;
  if (!first || (baseline !== undefined && baseline !== 'none')) return { plan, warnings: [] };
  if (baseline === 'none') {
    const names = relative.map(({ key, expression }) => `${key}: ${expression}`).join('; ');
    return {
      plan: { ...plan, thresholds: plan.thresholds.filter((threshold) => !isRelative(threshold)) },
      warnings: [`Left out, since the run has no baseline: ${names}.`],
    };
  }
  const others = relative.length === 1 ? '' : ` (and ${relative.length - 1} more)`;
  throw new HarnessError(
    'usage',
    `${plan.file}: the limit of "${first.key}: ${first.expression}"${others} is relative to a baseline, and none is named`,
    {
      hint: 'name the folder of an earlier run by --baseline FOLDER; --baseline none flies without such thresholds, for the first one',
    },
  );
}
