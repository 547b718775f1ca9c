/** How it is written what comes back: in a profile, in a scenario for the whole run, and in an incident. */
import { z } from 'zod';
import type { FeedbackKind } from '../../src/record/attempt-log.ts';
import { strict } from '../isp/data-file.ts';
import { duration, share } from '../isp/quantities.ts';
import { MARKS } from '../isp/replies.ts';
import { statedSpread } from '../isp/stated-spread.ts';
import { BOUNCE_FORMS, COMPLAINT_FORMS } from './resolved-feedback.ts';

/** The key of each kind, in profiles and scenarios. */
export const FEEDBACK_KEYS = {
  complaints: 'complaint',
  withdrawals: 'withdrawal',
  bounces: 'bounce',
  'auto-replies': 'auto-reply',
  challenges: 'challenge',
  malformed: 'malformed',
  unsubscribes: 'unsubscribe',
  traps: 'trap',
} as const satisfies Record<string, FeedbackKind>;
export type FeedbackKey = keyof typeof FEEDBACK_KEYS;

/** All of them, in the order of records. */
export const feedbackKeys = Object.keys(FEEDBACK_KEYS) as FeedbackKey[];

const delay = statedSpread(
  'expected a time such as 30m, a range such as 10m..2h, or { median: 30m, p99: 12h }; simulated time',
  'sim',
);

const origin = {
  source: z.string().min(1, 'expected a key of the catalogue'),
  mark: z.enum(MARKS),
};
const address = z.email('expected an address');

const complaintForm = strict({
  form: z.enum(COMPLAINT_FORMS),
  redacted: z.boolean('expected true or false').default(false),
  /** Who sends them; default: the postmaster of the ISP's first domain. */
  from: address.optional(),
  ...origin,
});

/** How often it happens, and how long it takes. */
const stated = strict({ share, delay, ...origin });

/** The part of a profile. Times are simulated. */
export const feedbackSchema = strict({
  complaints: strict({
    key: z.enum(['dkim-domain', 'source']),
    ...origin,
    /** The first one is what it sends unless a scenario names another. */
    forms: z.array(complaintForm).min(1, 'expected at least one form'),
  }),
  bounces: strict({ form: z.enum(BOUNCE_FORMS), from: address.optional(), ...origin }),
  'one-click': strict({ asks: z.boolean('expected true or false'), ...origin }),
  data: strict({ kind: z.enum(['postmaster-tools', 'snds', 'none']), ...origin }),
  retry: strict({
    waits: z.array(duration).min(1, 'expected at least one wait'),
    expire: duration,
    ...origin,
  }),
  /** A kind without one does not come from this ISP unless a scenario says so. */
  shares: strict(
    Object.fromEntries(feedbackKeys.map((key) => [key, stated.optional()])) as Record<
      FeedbackKey,
      z.ZodOptional<typeof stated>
    >,
  ),
});

/** The part of a profile, as its file states it. */
export type ProfileFeedback = z.output<typeof feedbackSchema>;

const EXPECTED_SHARE =
  'expected a share such as 0.2%, { share: 0.2%, delay: 30m }, or a list of such rules of which the last one that holds decides';

/** A scalar that is no share is told all forms; what is wrong inside of a map is told where it is. */
const forms = { error: (issue: { input?: unknown }) => (isObject(issue.input) ? undefined : EXPECTED_SHARE) };

/** One header field, by its name: its value must have this in it. */
const header = z
  .record(z.string(), z.union([z.string(), z.number()], { error: 'expected text' }).transform(String))
  .refine((fields) => Object.keys(fields).length === 1, 'expected one field, such as { X-Campaign: spring }')
  .transform((fields) => {
    const [name = '', value = ''] = Object.entries(fields)[0] ?? [];
    return { name: name.toLowerCase(), value };
  });

const rule = z.union(
  [
    share.transform((share) => ({ share, delay: undefined, header: undefined, group: undefined })),
    z.strictObject({
      share,
      delay: delay.optional(),
      header: header.optional(),
      group: share.optional(),
    }),
  ],
  forms,
);

const rules = z
  .union([rule, z.array(rule).min(1, 'expected at least one rule')], forms)
  .transform((value) => (Array.isArray(value) ? value : [value]));

const byKind = Object.fromEntries(feedbackKeys.map((key) => [key, rules.optional()])) as Record<
  FeedbackKey,
  z.ZodOptional<typeof rules>
>;

/** What an incident may say. */
export const feedbackChange = z.strictObject({
  ...byKind,
  /** Of all kinds; default: as before. */
  delay: delay.optional(),
});

/** What a scenario may say about an ISP for the whole run: as its profile has it, or changes of that. */
export const feedbackWish = z.union(
  [
    z.enum(['on', 'off']),
    z.strictObject({
      ...byKind,
      delay: delay.optional(),
      form: z.enum(COMPLAINT_FORMS).optional(),
      redacted: z.boolean({ error: 'expected true or false' }).optional(),
    }),
  ],
  {
    error: ({ input }) =>
      isObject(input) ? undefined : 'expected on, off or shares by kind such as { complaints: 0.2% }',
  },
);

/** One rule as a scenario states it. */
export type StatedRule = z.output<typeof rule>;
/** `incidents[].feedback` as validated. */
export type FeedbackChange = z.output<typeof feedbackChange>;
/** `isps.<isp>.feedback` as validated. */
export type FeedbackWish = z.output<typeof feedbackWish>;

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
