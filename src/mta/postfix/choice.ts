/**
 * Which transport takes a message: an action FILTER of smtpd(8) or cleanup(8), chosen when the message comes in and kept in
 * its queue file. Without a next hop the mail goes to the recipient's domain, as without a filter.
 */
import { isIP } from 'node:net';
import type { MtaIsp, MtaPlan, VirtualMtaPool } from '../adapter.ts';
import { type Choice, choiceOf, limitedIsps } from './transports.ts';

/** A share of the mail is this near to what was asked. */
const PRECISION = 0.01;

/** Entries for the lightest of a pool, at most. */
const MOST_REPEATS = 100;

/** Tables for check_recipient_access; the last that knows the recipient decides. */
export function recipientTables(plan: MtaPlan): string[] {
  const limited = limitedIsps(plan);
  const there = plan.isps.flatMap((isp) => {
    const pool = poolAt(plan, isp);
    const own = limited.includes(isp) ? isp : undefined;
    if (own === undefined && pool.members.length === plan.defaultPool.members.length) return [];
    const domains = inline(isp.domains.map((domain) => [domain, 'here'] as const));
    return [actionTable([domains], choiceOf(plan, pool, own))];
  });
  return [actionTable([], choiceOf(plan, plan.defaultPool)), ...there];
}

/**
 * The default pool at an ISP. That of all virtual MTAs, which stands in where a scenario chooses none, has only those that can
 * reach the ISP; a pool that was chosen is what its operator wanted.
 */
function poolAt(
  { sources, vmtas, pools, defaultPool }: MtaPlan,
  { families = [4, 6] }: MtaIsp,
): VirtualMtaPool {
  if (pools.some(({ name }) => name === defaultPool.name)) return defaultPool;
  const able = new Set(
    vmtas
      .filter((vmta) =>
        vmta.sources.some((at) => families.some((family) => isIP(sources[at]?.address ?? '') === family)),
      )
      .map(({ name }) => name),
  );
  const members = defaultPool.members.filter(({ vmta }) => able.has(vmta));
  return members.length > 0 ? { ...defaultPool, members } : defaultPool;
}

/** Tables for header_checks: a header that names a virtual MTA or a pool decides instead. */
export function headerTables(plan: MtaPlan): string[] {
  const single = plan.vmtas.map(({ name }) => ({ name, members: [{ vmta: name, weight: 1 }] }));
  const names = [...single, ...plan.pools].map((pool) => ({ ...pool, choice: choiceOf(plan, pool) }));
  const clear = names.filter(({ choice }) => choice.length === 1);
  const actions = clear.map(({ name, choice }) => [name, action(choice[0]?.transport ?? '')] as const);
  return [
    ...(clear.length > 0 ? [headerTable(actions)] : []),
    ...names
      .filter(({ choice }) => choice.length > 1)
      .map(({ name, choice }) => actionTable([headerTable([[name, name]])], choice)),
  ];
}

/** A table that takes what all `filters` know, and answers by chance with one of the transports, by weight. */
function actionTable(filters: readonly string[], choice: Choice): string {
  const weights = wholeWeights(choice.map(({ weight }) => weight));
  const entries = choice.flatMap(({ transport }, at) => Array<string>(weights[at] ?? 0).fill(transport));
  const actions = choice.map(({ transport }) => [transport, action(transport)] as const);
  return `pipemap:{${[...filters, `randmap:{${entries.join(', ')}}`, inline(actions)].join(' ')}}`;
}

function action(transport: string): string {
  return `FILTER ${transport}:`;
}

/** Answers by a key. */
function inline(pairs: readonly (readonly [key: string, value: string])[]): string {
  return `inline:{${pairs.map(([key, value]) => `{${key} = ${value}}`).join(' ')}}`;
}

/** Answers by the name in a header X-Virtual-MTA. Patterns don't mind case, unless they say `i`. */
function headerTable(pairs: readonly (readonly [name: string, value: string])[]): string {
  const rules = pairs.map(([name, value]) => `{/:[[:space:]]*${name}[[:space:]]*$$/i ${value}}`);
  return `regexp:{${['{if /^X-Virtual-MTA:/}', ...rules, '{endif}'].join(' ')}}`;
}

/** The smallest whole numbers that are to each other as the weights are, nearly. */
export function wholeWeights(weights: readonly number[]): number[] {
  const least = Math.min(...weights);
  for (let repeats = 1; ; repeats++) {
    const exact = weights.map((weight) => (weight / least) * repeats);
    const whole = exact.map(Math.round);
    const near = exact.every((value, at) => Math.abs((whole[at] ?? 0) - value) <= value * PRECISION);
    if (near || repeats === MOST_REPEATS) return whole;
  }
}
