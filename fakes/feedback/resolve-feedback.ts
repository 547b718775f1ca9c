/** What comes back in a run: what the profile states, what the scenario says about it, and what incidents change. */
import type { Micros } from '../../src/core/clock.ts';
import { type Complain, realDuration } from '../isp/overrides.ts';
import type { IspProfile } from '../isp/profile.ts';
import type { IspIncident } from '../isp/resolve-incidents.ts';
import { spreadOf } from '../isp/spread.ts';
import {
  FEEDBACK_KEYS,
  type FeedbackChange,
  type FeedbackKey,
  type FeedbackWish,
  feedbackKeys,
  feedbackSchema,
  type ProfileFeedback,
  type StatedRule,
} from './feedback-schema.ts';
import type { EnrolledLoops, FeedbackRule, ResolvedFeedback } from './resolved-feedback.ts';

const assumed = (source: string) => ({ source, mark: 'assumed' });
const never = (delay: unknown) => ({ share: 0, delay, ...assumed('for want of a number') });

/** An ISP of which no feedback is known speaks by the book. Times are assumed; shares are for a scenario to say. */
const BY_THE_BOOK: ProfileFeedback = feedbackSchema.parse({
  complaints: { key: 'source', ...assumed('RFC 6449'), forms: [{ form: 'arf', ...assumed('RFC 5965') }] },
  bounces: { form: 'rfc3464', ...assumed('RFC 3464') },
  'one-click': { asks: true, ...assumed('RFC 8058') },
  data: { kind: 'none', ...assumed('nothing known') },
  retry: { waits: ['1m', '5m', '15m', '1h'], expire: '4d', ...assumed('RFC 5321 section 4.5.4.1') },
  shares: {
    complaints: never({ median: '2h', p99: '2d' }),
    withdrawals: never({ median: '10m', p99: '1d' }),
    bounces: never({ median: '1m', p99: '1h' }),
    'auto-replies': never({ median: '5s', p99: '1m' }),
    challenges: never({ median: '5s', p99: '1m' }),
    malformed: never({ median: '2h', p99: '2d' }),
    unsubscribes: never({ median: '1h', p99: '2d' }),
    traps: never('0s'),
  } satisfies Record<FeedbackKey, unknown>,
});

/**
 * All that an ISP sends back in a run, in real time; null: nothing, as it is unless a scenario asks for more. What a scenario
 * does not name is as in the profile, or absent where only incidents ask for anything.
 * @param loops whose complaints are reported; undefined: everyone's
 */
export function resolveFeedback(
  profile: Pick<IspProfile, 'name' | 'domains' | 'session' | 'feedback'>,
  wish: FeedbackWish = 'off',
  loops: EnrolledLoops | undefined,
  incidents: readonly IspIncident[],
  scale: number,
  complain: Complain,
): ResolvedFeedback | null {
  if (wish === 'off' && incidents.every(({ feedback }) => !feedback)) return null;
  const stated = profile.feedback ?? BY_THE_BOOK;
  const said = typeof wish === 'string' ? {} : wish;
  if (wish === 'on' && !profile.feedback)
    complain(
      'feedback',
      `${profile.name} has none in its profile; expected shares such as { complaints: 0.2% }`,
    );
  const form = formOf(profile.name, stated, said.form, complain);
  const resolving: Resolving = { profile, stated, scale, complain };
  return {
    complaints: {
      form: form.form,
      key: stated.complaints.key,
      loops: loops ?? null,
      redacted: said.redacted ?? form.redacted,
      from: form.from ?? `postmaster@${profile.domains[0]}`,
    },
    bounces: {
      form: stated.bounces.form,
      from: stated.bounces.from ?? `mailer-daemon@${profile.session.mta}`,
    },
    oneClick: stated['one-click'].asks,
    data: stated.data.kind,
    retry: stated.retry.waits.map((wait) => realDuration(wait, scale)),
    expire: realDuration(stated.retry.expire, scale),
    day: 24 * (3600e6 / scale),
    rules: [
      ...(wish === 'off' ? [] : feedbackKeys.flatMap((key) => baseRules(resolving, key, said))),
      ...incidents.flatMap((incident, at) => incidentRules(resolving, incident, at, said.delay)),
    ],
    source: form.source,
    mark: form.mark,
  };
}

interface Resolving {
  readonly profile: Pick<IspProfile, 'name'>;
  readonly stated: ProfileFeedback;
  readonly scale: number;
  readonly complain: Complain;
}

/** What complaints look like, with what the profile knows of that form. */
function formOf(
  name: string,
  { complaints: { forms } }: ProfileFeedback,
  wanted: string | undefined,
  complain: Complain,
): ProfileFeedback['complaints']['forms'][number] {
  const found = forms.find(({ form }) => wanted === undefined || form === wanted);
  if (!found)
    complain(
      'feedback.form',
      `${name} does not report complaints as ${wanted}; expected ${forms.map(({ form }) => form).join(' or ')}`,
    );
  return found ?? (forms[0] as (typeof forms)[number]);
}

/** The rules of one kind for the whole run. */
function baseRules(
  resolving: Resolving,
  key: FeedbackKey,
  said: Exclude<FeedbackWish, string> | Record<string, never>,
): FeedbackRule[] {
  const own = resolving.stated.shares[key];
  const wished: readonly StatedRule[] | undefined = said[key] ?? (own && [{ share: own.share }]);
  return rulesOf(resolving, key, wished ?? [], said.delay, `feedback.${key}`, { start: 0, end: null });
}

/** What an incident changes, by kinds in the order of records. */
function incidentRules(
  resolving: Resolving,
  { start, end, sources, domain, feedback }: IspIncident,
  at: number,
  delay: FeedbackChange['delay'],
): FeedbackRule[] {
  if (!feedback) return [];
  const where = `incidents.${at}.feedback`;
  if (domain !== undefined)
    resolving.complain(where, "what comes back can't change for one domain alone; expected a header instead");
  return feedbackKeys.flatMap((key) =>
    rulesOf(resolving, key, feedback[key] ?? [], feedback.delay ?? delay, `${where}.${key}`, {
      start,
      end,
      sources: sources ?? null,
    }),
  );
}

/** What rules mean that the file states for one kind. */
function rulesOf(
  { profile, stated, scale, complain }: Resolving,
  key: FeedbackKey,
  wished: readonly StatedRule[],
  delay: FeedbackChange['delay'],
  where: string,
  when: { start: Micros; end: Micros | null; sources?: readonly number[] | null },
): FeedbackRule[] {
  if (key === 'bounces' && stated.bounces.form === 'none' && wished.some(({ share }) => share.value > 0)) {
    complain(
      where,
      `${profile.name} refuses in the session and sends no bounces of what it accepted; expected 0`,
    );
  }
  const own =
    stated.shares[key] ?? (BY_THE_BOOK.shares[key] as NonNullable<(typeof stated.shares)[typeof key]>);
  return wished.map((rule) => ({
    kind: FEEDBACK_KEYS[key],
    start: when.start,
    end: when.end,
    share: rule.share.value,
    delay: spreadOf(rule.delay ?? delay ?? own.delay, (time) => realDuration(time, scale)),
    header: rule.header ?? null,
    group: rule.group?.value ?? null,
    sources: when.sources ?? null,
  }));
}
