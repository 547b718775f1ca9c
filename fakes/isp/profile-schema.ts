/** The shape of <isp>/profile.yaml: what may stand there, and how each value is written. */
import { z } from 'zod';
import { feedbackSchema } from '../feedback/feedback-schema.ts';
import { authenticationSchema } from './authentication-profile.ts';
import { strict } from './data-file.ts';
import { latencySchema } from './latency.ts';
import { LIMIT_KEYS, LIMIT_STAGES, LIMIT_UNITS, STANDING_KEYS } from './limit-words.ts';
import { ENGINES, PROTOCOL_ERRORS, type ProtocolError } from './protocol.ts';
import { duration, rate, share, units } from './quantities.ts';
import { MARKS } from './replies.ts';

/** What moves a reputation, by a weight of its own. */
export const WEIGHED_CONDUCTS = [
  'accepted', // a message was accepted
  'unknown', // a recipient that does not exist or is disabled
  'insistent', // an attempt made while a penalty refuses everything
  'spike', // sudden volume, once a window
  'complaint', // a recipient called a message spam
  'trap', // mail to an address that nobody ever gave away
  'unauthenticated', // a message without a passing SPF or DKIM
] as const;
export type WeighedConduct = (typeof WEIGHED_CONDUCTS)[number];
/** `withdrawal`: a complaint was a mistake; it gives back what the complaint took. */
export type Conduct = WeighedConduct | 'withdrawal';

/** Stands where a reply is named, and means: close the connection and say nothing. */
export const HANGUP = 'hangup';

/** Stands among the names of limits, where violations are listed, for the daily quota of new sources. */
export const WARMUP_NAME = 'warmup';

/** The success replies that a session needs, by the command that they answer. */
export const ANSWERS = ['connect', 'ehlo', 'helo', 'mail', 'rcpt', 'data', 'dot', 'reset', 'quit'] as const;
export type Answered = (typeof ANSWERS)[number];

/** Success replies to what not every ISP does; without one, VRFY and HELP are unimplemented. */
export const MORE_ANSWERS = ['starttls', 'chunk', 'noop', 'vrfy', 'help'] as const;
export type MoreAnswered = (typeof MORE_ANSWERS)[number];

const positive = z.int('expected a whole number').positive('expected 1 or more');
const factor = z.number('expected a number').nonnegative('expected 0 or more');

/**
 * What a scenario or a step of a penalty may say about one limit: a rate, a number for a cap or a ration, a share
 * (`25%`) of what the profile allows, or the fields to change. A rate alone keeps the depth of a bucket in time, and
 * the length of a window.
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

const origin = {
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
};
const common = {
  key: z.enum(LIMIT_KEYS),
  unit: z.enum(LIMIT_UNITS),
  stage: z.enum(LIMIT_STAGES),
  reply: z.string(),
  ...origin,
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

const step = strict({
  for: duration,
  reply: z.string().optional(),
  limits: z.record(z.string(), limitOverride).optional(),
});
const penalty = strict({
  on: z.array(z.string()).min(1, 'expected at least one limit'),
  after: positive,
  per: duration,
  forget: duration,
  prolong: z.boolean().default(false),
  levels: z.array(z.array(step).min(1, 'expected at least one step')).min(1, 'expected at least one level'),
  ...origin,
});

const reputation = strict({
  best: factor.default(100),
  recover: rate,
  weights: strict(
    Object.fromEntries(
      WEIGHED_CONDUCTS.map((name) => [name, z.number('expected a number').default(0)]),
    ) as Record<WeighedConduct, z.ZodDefault<z.ZodNumber>>,
  ),
  tiers: z.array(strict({ below: factor, factor, reply: z.string().optional() })),
  spike: strict({ times: factor, per: duration, least: units }).optional(),
  ...origin,
});

const warmup = strict({
  days: z.array(positive).min(1, 'expected at least one day'),
  unit: z.enum(['transactions', 'recipients']),
  stage: z.enum(LIMIT_STAGES),
  reply: z.string(),
  ...origin,
});

/** Temporary refusal of what was never seen (RFC 6647). */
export const greylist = strict({ delay: duration, lifetime: duration, reply: z.string() });

/** Factors on rates and windows by the hour of a simulated day. `starts`: the time of day when the load begins. */
export const day = strict({
  starts: duration.default({ value: 0, clock: undefined }),
  factors: z
    .record(z.string().regex(/^(\d|1\d|2[0-3])$/, 'expected an hour from 0 to 23'), factor)
    .refine((hours) => Object.keys(hours).length > 0, 'expected at least one hour'),
});

const mailboxes = z.record(z.string(), strict({ share, reply: z.string() }));
/** A mail host. `{domain}` in its name: the mail domain with dashes for dots. `domains`: it is for these alone. */
const host = strict({
  host: z.string().regex(/^([a-z0-9-]|\{domain\})+(\.([a-z0-9-]|\{domain\})+)+$/, 'expected a host name'),
  preference: units,
  ipv6: z.boolean(),
  addresses: positive.default(1),
  domains: z.array(z.hostname('expected a domain')).optional(),
});
const hosts = z.array(host).min(1, 'expected at least one mail host');

/** A map with standing keys; as with `strict`, the message carries the known keys. */
function byStandingKey<T extends z.ZodType>(each: T) {
  return z.partialRecord(z.enum(STANDING_KEYS), each, {
    error: (issue: { readonly code?: string }) =>
      issue.code === 'unrecognized_keys' ? STANDING_KEYS.join(', ') : undefined,
  });
}

/** The shape of a profile. */
export const profileSchema = strict({
  engine: z.enum(ENGINES).default('native'),
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name of small letters'),
  name: z.string().min(1, 'expected a name'),
  domains: z.array(z.hostname('expected a domain')).min(1, 'expected at least one domain'),
  mx: hosts,
  hosted: strict({ mx: hosts, mailboxes: mailboxes.optional() }).optional(),
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
  latency: latencySchema.optional(),
  authentication: authenticationSchema.optional(),
  feedback: feedbackSchema.optional(),
  limits: z.record(z.string(), limit),
  penalties: byStandingKey(penalty).default({}),
  reputation: byStandingKey(reputation).default({}),
  warmup: warmup.optional(),
  greylist: greylist.optional(),
  day: day.optional(),
  mailboxes,
  mixed: z.enum(['accept', 'reject']).default('accept'),
});

/** A profile as its file states it, defaults filled in. */
export type ProfileData = z.output<typeof profileSchema>;

/** A limit as its profile states it; quantities are simulated unless a suffix says otherwise. */
export type ProfileLimit = z.output<typeof limit>;
