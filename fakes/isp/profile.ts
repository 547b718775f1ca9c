/** How an ISP is described: domains, mail hosts, limits, mailboxes. Data: <isp>/profile.yaml, replies beside it. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { asset } from '../../src/core/assets.ts';
import { HarnessError } from '../../src/core/errors.ts';
import { type Quantity, trim } from '../../src/core/units.ts';
import { STAGES } from '../../src/record/attempt-log.ts';
import { authenticationFaults, authenticationSchema } from './authentication-profile.ts';
import { type Fault, readDataFile, strict, unknownName } from './data-file.ts';
import { withNeutralReplies } from './neutral.ts';
import { ENGINES, PROTOCOL_ERRORS, type ProtocolError } from './protocol.ts';
import { duration, rate, share, units } from './quantities.ts';
import { loadReplies, MARKS, type Reply, type ReplyClass } from './replies.ts';

/** Whom a limit counts for: each value of it has an account of its own. */
export const LIMIT_KEYS = ['source', 'netblock', 'sender-domain', 'isp', 'connection', 'mailbox'] as const;
export type LimitKey = (typeof LIMIT_KEYS)[number];

/** What a limit counts. */
export const LIMIT_UNITS = ['transactions', 'recipients', 'bytes', 'connections'] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

/** Where a limit is checked and charged. */
export const LIMIT_STAGES = ['connect', 'mail', 'rcpt', 'dot'] as const;
export type LimitStage = (typeof LIMIT_STAGES)[number];

/** Where each unit is known: a limit that counts it can be checked only there. */
const STAGES_OF_UNIT: Record<LimitUnit, readonly LimitStage[]> = {
  connections: ['connect', 'mail'],
  transactions: ['mail', 'dot'],
  recipients: ['rcpt', 'dot'],
  bytes: ['dot'],
};

/** Stands where a reply is named, and means: close the connection and say nothing. */
export const HANGUP = 'hangup';

/** The success replies that a session needs, by the command that they answer. */
export const ANSWERS = ['connect', 'ehlo', 'helo', 'mail', 'rcpt', 'data', 'dot', 'reset', 'quit'] as const;
export type Answered = (typeof ANSWERS)[number];

/** Success replies to what not every ISP does; without one, VRFY and HELP are unimplemented. */
export const MORE_ANSWERS = ['starttls', 'chunk', 'noop', 'vrfy', 'help'] as const;
export type MoreAnswered = (typeof MORE_ANSWERS)[number];

/**
 * What a scenario may say about one limit: a rate (or a number, for a cap on connections), or the fields to change.
 * A rate alone keeps the depth of a bucket in time, and the length of a window.
 */
export const limitOverride = z.union([
  z.string(),
  z.number(),
  strict({
    rate: rate.optional(),
    burst: units.optional(),
    count: units.optional(),
    per: duration.optional(),
    max: units.optional(),
  }),
]);
export type LimitOverride = z.output<typeof limitOverride>;

/** What a scenario may say about mailboxes: the share of each kind. */
export const mailboxOverride = share;

const common = {
  key: z.enum(LIMIT_KEYS),
  unit: z.enum(LIMIT_UNITS),
  stage: z.enum(LIMIT_STAGES),
  reply: z.string(),
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
};
const limit = z.discriminatedUnion(
  'kind',
  [
    strict({ kind: z.literal('bucket'), ...common, rate, burst: units }),
    strict({ kind: z.literal('window'), ...common, count: units, per: duration.optional() }),
    strict({ kind: z.literal('concurrency'), ...common, max: units }),
  ],
  { error: 'expected one of bucket, window, concurrency' },
);

const profileSchema = strict({
  engine: z.enum(ENGINES).default('native'),
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name of small letters'),
  name: z.string().min(1, 'expected a name'),
  domains: z.array(z.hostname('expected a domain')).min(1, 'expected at least one domain'),
  mx: z
    .array(strict({ host: z.hostname('expected a host name'), preference: units, ipv6: z.boolean() }))
    .min(1, 'expected at least one mail host'),
  session: strict({
    mta: z.hostname('expected a host name'),
    wrap: units.optional(),
    idle: duration.optional(),
    lines: strict({
      command: units.min(512, 'expected 512 or more (RFC 5321)').optional(),
      text: units.optional(),
    }).optional(),
    unknown: units.optional(),
    answers: strict({
      ...(Object.fromEntries(ANSWERS.map((name) => [name, z.string()])) as Record<Answered, z.ZodString>),
      ...(Object.fromEntries(MORE_ANSWERS.map((name) => [name, z.string().optional()])) as Record<
        MoreAnswered,
        z.ZodOptional<z.ZodString>
      >),
    }),
    errors: strict(
      Object.fromEntries(PROTOCOL_ERRORS.map((name) => [name, z.string().optional()])) as Record<
        ProtocolError,
        z.ZodOptional<z.ZodString>
      >,
    ).default({}),
  }),
  authentication: authenticationSchema.optional(),
  limits: z.record(z.string(), limit),
  mailboxes: z.record(z.string(), strict({ share, reply: z.string() })),
});

/** A limit as its profile states it; quantities are simulated unless a suffix says otherwise. */
export type ProfileLimit = z.output<typeof limit>;

/** An ISP as its files describe it. */
export interface IspProfile extends z.output<typeof profileSchema> {
  readonly replies: readonly Reply[];
}

/** The names of the ISPs that have a folder here. */
export function profileNames(): string[] {
  return readdirSync(asset('fakes'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'isp')
    .map((entry) => entry.name)
    .sort();
}

/**
 * Loads an ISP by its name, or by the path of a profile.yaml with a replies.yaml beside it.
 * @throws HarnessError of kind `invalid-scenario` with file, line, value and expectation of every fault
 */
export function loadProfile(nameOrPath: string): IspProfile {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  if (!isPath && !profileNames().includes(nameOrPath)) {
    throw new HarnessError('invalid-scenario', unknownName('ISP', nameOrPath, profileNames()), {
      hint: 'a path to a profile.yaml works too',
    });
  }
  const file = isPath ? nameOrPath : asset('fakes', nameOrPath, 'profile.yaml');
  const { data, error } = readDataFile(file, profileSchema);
  const own = loadReplies(join(dirname(file), 'replies.yaml'));
  const { session, replies } = withNeutralReplies(data.session, own);
  const faults = [
    ...referenceFaults({ ...data, session }, replies),
    ...limitFaults(data.limits),
    ...mailboxFaults(data.mailboxes),
    ...(data.authentication ? authenticationFaults(data.authentication, replies) : []),
  ];
  if (faults.length > 0) throw error(faults);
  return { ...data, session, replies };
}

/** References to replies that lead nowhere, or to a reply that can't be meant. */
function referenceFaults(profile: z.output<typeof profileSchema>, replies: readonly Reply[]): Fault[] {
  const faults: Fault[] = [];
  const byId = new Map(replies.map((r) => [r.id, r]));
  const check = (
    path: readonly PropertyKey[],
    id: string,
    stages: readonly string[],
    classes: readonly ReplyClass[],
  ): void => {
    const found = byId.get(id);
    if (!found) faults.push({ path, message: unknownName('reply', id, [...byId.keys()]) });
    else if (!classes.includes(found.class))
      faults.push({ path, message: `${id} is ${found.class}; expected ${classes.join(' or ')}` });
    else if (!found.stages.some((stage) => stages.includes(stage)))
      faults.push({
        path,
        message: `${id} is a reply at ${found.stages.join(', ')}; expected one at ${stages.join(' or ')}`,
      });
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
    if (id !== undefined)
      check(['session', 'errors', name], id, STAGES, ['throttled', 'deferred', 'rejected']);
  for (const [name, { reply, stage }] of Object.entries(profile.limits)) {
    if (reply !== HANGUP)
      check(['limits', name, 'reply'], reply, [stage], ['throttled', 'deferred', 'rejected']);
  }
  for (const [name, { reply }] of Object.entries(profile.mailboxes)) {
    check(['mailboxes', name, 'reply'], reply, ['rcpt', 'dot'], ['deferred', 'rejected']);
  }
  return faults;
}

/** Limits whose parts don't go together. */
function limitFaults(limits: Readonly<Record<string, ProfileLimit>>): Fault[] {
  return Object.entries(limits).flatMap(([name, { key, unit, stage, ...rest }]) => {
    const faults: Fault[] = [];
    const say = (field: string, message: string): void =>
      void faults.push({ path: ['limits', name, field], message });
    const stages = STAGES_OF_UNIT[unit];
    if (!stages.includes(stage)) {
      say('stage', `${unit} can't be counted at ${stage}; expected ${stages.join(' or ')}`);
    } else if (rest.kind === 'concurrency' && unit !== 'connections') {
      say('unit', `found ${unit}; expected connections, since nothing else is held at once`);
    } else if (rest.kind !== 'concurrency' && unit === 'connections' && stage !== 'connect') {
      say('stage', `found ${stage}; expected connect, where new connections are counted`);
    }
    if (key === 'mailbox' && stage !== 'rcpt')
      say('key', `a mailbox is not known at ${stage}; expected stage rcpt`);
    if (key === 'sender-domain' && stage === 'connect')
      say('key', 'the sender is not known at connect; expected a later stage');
    if (rest.kind === 'window' && rest.per === undefined && key !== 'connection') {
      say('key', 'a window without "per" lasts as long as the connection; expected key connection');
    }
    return faults;
  });
}

function mailboxFaults(mailboxes: Readonly<Record<string, { share: Quantity }>>): Fault[] {
  const sum = Object.values(mailboxes).reduce((total, m) => total + m.share.value, 0);
  return sum <= 1
    ? []
    : [{ path: ['mailboxes'], message: `the shares add up to ${trim(sum * 100)} %; expected at most 100 %` }];
}
