/** How a profile and a scenario state what an ISP does about authentication: schema, faults, and the plain rules of a run. */
import { z } from 'zod';
import type { Micros } from '../../src/core/clock.ts';
import type { Quantity } from '../../src/core/units.ts';
import {
  CHECKING,
  CONDITIONS,
  type Condition,
  isOfClient,
  type ResolvedAuthentication,
  type ResolvedRule,
  RULE_STAGES,
  type RuleStage,
} from './authentication.ts';
import { type Fault, strict, unknownName } from './data-file.ts';
import { duration, share, units } from './quantities.ts';
import { MARKS, type Reply } from './replies.ts';

const fact = { source: z.string().min(1, 'expected a key of the catalogue'), mark: z.enum(MARKS) };
const condition = z.enum(CONDITIONS);

const rule = strict({
  when: z.union([condition.transform((one): Condition[] => [one]), z.array(condition).min(1)]),
  bulk: z.boolean().default(false),
  reply: z.string(),
  ...fact,
});

/** The `authentication` of a profile. */
export const authenticationSchema = strict({
  check: z.enum(CHECKING).default('sampled'),
  sample: share.prefault('1%'),
  bulk: strict({ messages: units, per: duration, ...fact }).optional(),
  rules: z.record(z.string(), rule).default({}),
});
export type ProfileAuthentication = z.output<typeof authenticationSchema>;

/** The `authentication` of an ISP in a scenario: how often it checks, or that and what else to change. */
const override = z.union([
  z.enum(CHECKING),
  strict({
    check: z.enum(CHECKING).optional(),
    sample: share.optional(),
    bulk: units.optional(),
    rules: z.record(z.string(), z.string()).default({}),
  }),
]);

/** Stands where a rule's reply is named in a scenario, and means: no such rule. */
const OFF = 'off';

/** References of a profile's rules to replies that lead nowhere, and rules whose parts don't go together. */
export function authenticationFaults(
  { rules, bulk }: ProfileAuthentication,
  replies: readonly Reply[],
): Fault[] {
  return Object.entries(rules).flatMap(([name, { reply, ...rest }]): Fault[] => {
    const path = ['authentication', 'rules', name];
    const found = replies.find(({ id }) => id === reply);
    if (!found) {
      const known = replies.map(({ id }) => id);
      return [{ path: [...path, 'reply'], message: unknownName('reply', reply, known) }];
    }
    const faults: Fault[] = [];
    const wrong = misfit(found, rest.when, rest.bulk);
    if (wrong !== undefined) faults.push({ path: [...path, 'reply'], message: wrong });
    if (rest.bulk && !bulk) {
      faults.push({
        path: [...path, 'bulk'],
        message: 'this profile does not say what a bulk sender is; expected authentication.bulk',
      });
    }
    return faults;
  });
}

/**
 * The rules of one run. A profile without any never checks.
 * @param faults takes a line for everything in the override that does not fit the profile
 */
export function resolveAuthentication(
  profile: ProfileAuthentication | undefined,
  wish: unknown,
  replies: readonly Reply[],
  realDuration: (quantity: Quantity) => Micros,
  faults: string[],
): ResolvedAuthentication {
  const parsed = wish === undefined ? undefined : override.safeParse(wish);
  if (parsed?.success === false) {
    faults.push(
      `authentication: found ${JSON.stringify(wish)}; expected ${CHECKING.join(', ')}, or { check, sample, bulk, rules }`,
    );
  }
  if (!profile) {
    if (wish !== undefined) faults.push('authentication: this profile has no rules for it');
    return { check: 'off', sample: 0, bulk: null, rules: [] };
  }
  const { data } = parsed ?? {};
  const changes = typeof data === 'string' ? { check: data, rules: {} } : data;
  for (const name of Object.keys(changes?.rules ?? {})) {
    if (!(name in profile.rules))
      faults.push(`authentication.rules.${name}: ${unknownName('rule', name, Object.keys(profile.rules))}`);
  }
  const rules = Object.entries(profile.rules).flatMap(([name, fields]): ResolvedRule[] => {
    const { when, bulk, source, mark } = fields;
    const id = changes?.rules[name] ?? fields.reply;
    if (id === OFF) return [];
    const index = replies.findIndex((reply) => reply.id === id);
    const reply = replies[index];
    const wrong = reply
      ? misfit(reply, when, bulk)
      : unknownName(
          'reply',
          id,
          replies.map((r) => r.id),
        );
    if (!reply || wrong !== undefined) {
      faults.push(`authentication.rules.${name}: ${wrong}`);
      return [];
    }
    const stage = stageOf(reply) as RuleStage;
    return [{ name, when, bulk, stage, reply: index, source, mark }];
  });
  return {
    check: changes?.check ?? profile.check,
    sample: (changes?.sample ?? profile.sample).value,
    bulk: profile.bulk
      ? { messages: changes?.bulk ?? profile.bulk.messages, per: realDuration(profile.bulk.per) }
      : null,
    rules,
  };
}

/** Why a reply can't be the one of such a rule; undefined if it can. */
function misfit(reply: Reply, when: readonly Condition[], bulk: boolean): string | undefined {
  const { id, stage: usual } = reply;
  const stage = stageOf(reply);
  if (reply.class === 'accepted') return `${id} is accepted; expected a refusal`;
  if (stage === undefined) return `${id} is a reply at ${usual}; expected one at ${RULE_STAGES.join(' or ')}`;
  if (stage === 'dot') return undefined;
  const late = when.find((one) => !isOfClient(one));
  if (late !== undefined) return `${late} is not known at ${stage}; expected a reply at dot`;
  return bulk ? `who sends in bulk is not known at ${stage}; expected a reply at dot` : undefined;
}

function stageOf({ stages }: Reply): RuleStage | undefined {
  return RULE_STAGES.find((stage) => stages.includes(stage));
}
