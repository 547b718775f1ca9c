/**
 * What a scenario may say: the one source of types, errors and the JSON Schema for editors. Objects are strict, so a
 * misspelt key is an error. Everything has a default, so that a scenario of ten lines runs.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { feedbackWish } from '../../fakes/feedback/feedback-schema.ts';
import { checks } from './checks.ts';
import { fault } from './fault-schema.ts';
import { address, domain, incident, limits } from './incident-schema.ts';
import { load } from './load-schema.ts';
import { mta } from './mta-schema.ts';
import { count, realDuration, share } from './quantities.ts';
import { suppression } from './suppression.ts';

/** A DNS record of a sender; `none` publishes none. */
const record = z.string().transform((text) => (text === 'none' ? null : text));
const positive = z.number().positive('expected a number above 0');

const onOff = z.enum(['on', 'off']);

const isp = z.strictObject({
  share: share.optional(),
  /** Which share of its mail goes to which of its domains; default: the same to each. */
  domains: z.record(z.string(), share).optional(),
  profile: z.string().optional(),
  /** Processes that serve it; default: as many as the connections to hold want, mostly one for several ISPs. */
  workers: count.max(64, 'expected at most 64').optional(),
  limits: z.union([z.literal('unlimited'), limits]).optional(),
  mailboxes: z.record(z.string(), z.unknown()).optional(),
  mixed: z.enum(['accept', 'reject']).optional(),
  hosted: z.union([count, z.array(domain)]).optional(),
  penalties: onOff.optional(),
  reputation: onOff.optional(),
  warmup: z.union([z.literal('new'), z.array(address)]).optional(),
  greylist: z.record(z.string(), z.unknown()).optional(),
  day: z.record(z.string(), z.unknown()).optional(),
  /** Real time that answers take: as the profile says, or by stage; checked against the profile. Default: off. */
  latency: z
    .union([onOff, z.record(z.string(), z.unknown())], {
      error: 'expected on, off or times by stage such as { dot: 20ms }',
    })
    .optional(),
  /** How often the ISP authenticates, or `{ check, sample, bulk, rules }`; checked against the profile. */
  authentication: z.unknown().optional(),
  /** What comes back of what it accepted: as its profile says (`on`), or shares by kind. Default: off. */
  feedback: feedbackWish.optional(),
});

/** Who is enrolled in a complaint loop: a DKIM domain, or the address of a source. */
const loop = z
  .union([address, domain], { error: 'expected a DKIM domain or the address of a source' })
  .transform((text) => ({ text, isSource: isIP(text) !== 0 }));

/** Where what comes back goes. */
const feedback = z.strictObject({
  /** Default: the MTA under test, if there is one. */
  to: z.enum(['mta', 'mailroom'], { error: 'expected mta or mailroom' }).optional(),
  /** Where complaint reports are addressed to; default: fbl@ the first sender's domain. */
  address: z.email('expected an address such as fbl@news.sender.test').optional(),
  /** Default: all. */
  loops: z.array(loop).optional(),
});

const thresholdForms =
  'expected a threshold such as "p(99)<250", or { threshold: "p(99)<250", abortOnFail: true, delayAbortEval: 10s }';

/** One threshold: its expression, or k6's long form, which says when its failing ends the run. */
const threshold = z.union(
  [
    z.string().transform((text) => ({ threshold: text, abortOnFail: false, delayAbortEval: undefined })),
    z
      .strictObject({
        threshold: z.string(),
        abortOnFail: z.boolean({ error: 'expected true or false' }).default(false),
        delayAbortEval: realDuration.optional(),
      })
      .refine(({ abortOnFail, delayAbortEval }) => abortOnFail || delayAbortEval === undefined, {
        path: ['delayAbortEval'],
        message: 'expected abortOnFail: true beside it; without that it has no meaning',
      }),
  ],
  { error: ({ input }) => (isMap(input) ? undefined : thresholdForms) },
);

/** The thresholds of a metric; `place` is where each stands below the metric's key. */
const thresholds = z.union([threshold, z.array(threshold)]).transform((value) =>
  (Array.isArray(value) ? value : [value]).map((each, index) => ({
    ...each,
    place: Array.isArray(value) ? [index] : [],
  })),
);

export const scenarioSchema = z
  .strictObject({
    name: z.string().optional(),
    seed: z.number().int('expected a whole number').default(1),
    clock: z.strictObject({ scale: positive.default(1) }).prefault({}),
    mta: mta.prefault({}),
    senders: z
      .array(
        z.strictObject({
          domain,
          spf: record.default('auto'),
          dkim: z.enum(['auto', 'none']).default('auto'),
          dmarc: record.default('p=none'),
        }),
      )
      .min(1, 'expected at least one sender')
      .prefault([{ domain: 'news.sender.test' }]),
    isps: z
      .record(z.string(), isp)
      .prefault({ gmail: { share: '50%' }, yahoo: { share: '30%' }, outlook: { share: '20%' } }),
    load: load.optional(),
    loads: z.record(z.string(), load).optional(),
    workers: z.strictObject({ drivers: count.max(256, 'expected at most 256').optional() }).prefault({}),
    warmup: realDuration.prefault('0s'),
    incidents: z.array(incident).default([]),
    faults: z.array(fault).default([]),
    feedback: feedback.prefault({}),
    suppression: suppression.optional(),
    drain: z.strictObject({ timeout: realDuration.prefault('60s') }).prefault({}),
    checks: checks.optional(),
    thresholds: z.record(z.string(), thresholds).default({}),
  })
  .superRefine(({ load: one, loads: several }, context) => {
    const expected =
      one && several
        ? { path: ['loads'], message: 'expected either "load" or "loads"' }
        : one || several
          ? undefined
          : { path: ['load'], message: 'expected a load, such as { rate: 50/s, duration: 30s }' };
    if (expected) context.addIssue({ code: 'custom', ...expected });
  });

/** A scenario as validated: defaults filled in, quantities parsed. */
export type Scenario = z.output<typeof scenarioSchema>;

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
