/** What is wrong with a profile though each value of it has the right shape: parts that don't go together. */
import { trim } from '../../src/core/units.ts';
import { STAGES } from '../../src/record/attempt-log.ts';
import { type Fault, unknownName } from './data-file.ts';
import type { LimitStage, LimitUnit } from './limit-words.ts';
import {
  ANSWERS,
  HANGUP,
  MORE_ANSWERS,
  type ProfileData,
  type ProfileLimit,
  WARMUP_NAME,
} from './profile-schema.ts';
import type { Reply, ReplyClass } from './replies.ts';

/** Where each unit is known: a limit that counts it can be checked only there. */
const STAGES_OF_UNIT: Record<LimitUnit, readonly LimitStage[]> = {
  connections: ['connect', 'mail'],
  transactions: ['mail', 'dot'],
  recipients: ['rcpt', 'dot'],
  bytes: ['mail', 'dot'],
};

const REFUSALS: readonly ReplyClass[] = ['throttled', 'deferred', 'rejected'];

type Path = readonly PropertyKey[];
type Say = (path: Path, message: string) => void;

/** Every fault of a profile that its schema can't see. */
export function profileFaults(profile: ProfileData, replies: readonly Reply[]): Fault[] {
  const faults: Fault[] = [];
  const say: Say = (path, message) => void faults.push({ path, message });
  replyFaults(profile, replies, say);
  for (const [name, limit] of Object.entries(profile.limits)) limitFaults(name, limit, say);
  penaltyFaults(profile, say);
  for (const [key, { tiers, best }] of Object.entries(profile.reputation)) {
    tiers.forEach(({ below }, index) => {
      const last = index === 0 ? 0 : (tiers[index - 1]?.below ?? 0);
      if (below > last && below <= best) return;
      say(
        ['reputation', key, 'tiers', index, 'below'],
        `found ${below}; expected more than ${last}, the tier before, and at most ${best}, the best`,
      );
    });
  }
  mailboxFaults(profile.mailboxes, ['mailboxes'], say);
  if (profile.hosted?.mailboxes) mailboxFaults(profile.hosted.mailboxes, ['hosted', 'mailboxes'], say);
  return faults;
}

/** References to replies that lead nowhere, or to a reply that can't be meant. */
function replyFaults(profile: ProfileData, replies: readonly Reply[], say: Say): void {
  const byId = new Map(replies.map((r) => [r.id, r]));
  const check = (
    path: Path,
    id: string,
    stages: readonly string[],
    classes: readonly ReplyClass[] = REFUSALS,
  ): void => {
    const found = byId.get(id);
    if (!found) say(path, unknownName('reply', id, [...byId.keys()]));
    else if (!classes.includes(found.class))
      say(path, `${id} is ${found.class}; expected ${classes.join(' or ')}`);
    else if (!found.stages.some((stage) => stages.includes(stage)))
      say(path, `${id} is a reply at ${found.stages.join(', ')}; expected one at ${stages.join(' or ')}`);
  };
  for (const name of ANSWERS) {
    const stage = name === 'helo' ? 'ehlo' : name === 'reset' || name === 'quit' ? 'idle' : name;
    check(['session', 'answers', name], profile.session.answers[name], [stage], ['accepted']);
  }
  for (const name of MORE_ANSWERS) {
    const id = profile.session.answers[name];
    const stage = name === 'starttls' ? name : name === 'chunk' ? 'data' : 'idle';
    if (id !== undefined) check(['session', 'answers', name], id, [stage], ['accepted']);
  }
  for (const [name, id] of Object.entries(profile.session.errors))
    if (id !== undefined) check(['session', 'errors', name], id, STAGES);
  for (const [name, { reply, stage }] of Object.entries(profile.limits)) {
    if (reply !== HANGUP) check(['limits', name, 'reply'], reply, [stage]);
  }
  for (const [key, { levels }] of Object.entries(profile.penalties)) {
    const stages = stagesOfKey(key);
    levels.forEach((steps, level) => {
      steps.forEach(({ reply }, step) => {
        if (reply !== undefined) check(['penalties', key, 'levels', level, step, 'reply'], reply, stages);
      });
    });
  }
  for (const [key, { tiers }] of Object.entries(profile.reputation)) {
    tiers.forEach(({ reply }, tier) => {
      if (reply !== undefined) check(['reputation', key, 'tiers', tier, 'reply'], reply, stagesOfKey(key));
    });
  }
  const { warmup, greylist } = profile;
  if (warmup) check(['warmup', 'reply'], warmup.reply, [warmup.stage]);
  if (warmup && !STAGES_OF_UNIT[warmup.unit].includes(warmup.stage))
    say(['warmup', 'stage'], unitFault(warmup.unit, warmup.stage));
  if (greylist) check(['greylist', 'reply'], greylist.reply, ['rcpt'], ['deferred']);
  for (const [path, kinds] of [
    [['mailboxes'], profile.mailboxes],
    [['hosted', 'mailboxes'], profile.hosted?.mailboxes ?? {}],
  ] as const) {
    for (const [name, { reply }] of Object.entries(kinds))
      check([...path, name, 'reply'], reply, ['rcpt', 'dot'], ['deferred', 'rejected']);
  }
}

/** Where a key is known, so that something can be refused to it. */
function stagesOfKey(key: string): readonly LimitStage[] {
  switch (key) {
    case 'sender-domain':
      return ['mail', 'rcpt', 'dot'];
    case 'dkim-domain':
      return ['dot'];
    default:
      return ['connect', 'mail', 'rcpt', 'dot'];
  }
}

/** A limit whose parts don't go together. */
function limitFaults(name: string, { key, unit, stage, ...rest }: ProfileLimit, report: Say): void {
  const say = (field: string, message: string): void => report(['limits', name, field], message);
  if (!STAGES_OF_UNIT[unit].includes(stage)) {
    say('stage', unitFault(unit, stage));
  } else if (rest.kind === 'concurrency' && unit !== 'connections') {
    say('unit', `found ${unit}; expected connections, since nothing else is held at once`);
  } else if (rest.kind !== 'concurrency' && unit === 'connections' && stage !== 'connect') {
    say('stage', `found ${stage}; expected connect, where new connections are counted`);
  } else if (unit === 'bytes' && stage === 'mail' && key !== 'transaction') {
    say('stage', 'at mail only the announced size of one message is known; expected key transaction');
  }
  if (key === 'mailbox' && stage !== 'rcpt')
    say('key', `a mailbox is not known at ${stage}; expected stage rcpt`);
  if (key === 'sender-domain' && stage === 'connect')
    say('key', 'the sender is not known at connect; expected a later stage');
  if (key === 'dkim-domain' && stage !== 'dot')
    say('key', `a signature is not known at ${stage}; expected stage dot`);
  if (key === 'transaction' && (stage === 'connect' || rest.kind !== 'window' || rest.per !== undefined))
    say('key', 'a transaction has rations only; expected kind window without "per", after connect');
  if (rest.kind === 'window' && rest.per === undefined && key !== 'connection' && key !== 'transaction') {
    say('key', 'a window without "per" is the ration of a connection or a transaction; expected such a key');
  }
}

function unitFault(unit: LimitUnit, stage: LimitStage): string {
  return `${unit} can't be counted at ${stage}; expected ${STAGES_OF_UNIT[unit].join(' or ')}`;
}

function penaltyFaults({ penalties, limits }: ProfileData, say: Say): void {
  const names = Object.keys(limits);
  for (const [key, { on, levels }] of Object.entries(penalties)) {
    on.forEach((name, index) => {
      if (!(name in limits) && name !== WARMUP_NAME)
        say(['penalties', key, 'on', index], unknownName('limit', name, [...names, WARMUP_NAME]));
    });
    levels.forEach((steps, level) => {
      steps.forEach((step, index) => {
        const path = ['penalties', key, 'levels', level, index];
        if (step.reply === undefined && step.limits === undefined)
          say([...path, 'for'], 'this step does nothing; expected a reply or limits');
        for (const name of Object.keys(step.limits ?? {})) {
          if (!(name in limits)) say([...path, 'limits', name], unknownName('limit', name, names));
          else if (limits[name]?.key !== key)
            say([...path, 'limits', name], `${name} counts for each ${limits[name]?.key}; expected ${key}`);
        }
      });
    });
  }
}

function mailboxFaults(
  mailboxes: Readonly<Record<string, { share: { value: number } }>>,
  path: Path,
  say: Say,
): void {
  const sum = Object.values(mailboxes).reduce((total, m) => total + m.share.value, 0);
  if (sum > 1) say(path, `the shares add up to ${trim(sum * 100)} %; expected at most 100 %`);
}
