/** What a scenario may say of a load's messages (`load.message`). Texts may have placeholders such as {{recipient}}. */
import { z } from 'zod';
import { DKIM_KINDS } from '../driver/message/dkim.ts';
import { size, sizeRange } from './quantities.ts';

/** No message is larger: a size is held in memory once. */
const LARGEST_MESSAGE = 50e6;

const count = z.number().int('expected a whole number').positive('expected a whole number above 0');
const bytes = size.refine((value) => value <= LARGEST_MESSAGE, 'expected at most 50MB');

/**
 * `2KB`, `2KB..60KB`, a log-normal distribution, or a list. A log-normal one ends at `max`, by default ten times its
 * 95th percentile, which about one message of 2000 would pass if that is ten times the median.
 */
const messageSize = z.union([
  sizeRange
    .refine(({ max }) => max <= LARGEST_MESSAGE, 'expected at most 50MB')
    .transform(({ min, max }) => ({ kind: 'uniform' as const, min, max })),
  z
    .strictObject({ median: bytes, p95: bytes, max: bytes.optional() })
    .refine(({ median }) => median > 0, { path: ['median'], message: 'expected a size above 0' })
    .refine(({ median, p95 }) => p95 >= median, { path: ['p95'], message: 'expected at least the median' })
    .refine(({ p95, max = p95 }) => max >= p95, { path: ['max'], message: 'expected at least p95' })
    .transform(({ median, p95, max }) => ({
      kind: 'log-normal' as const,
      median,
      p95,
      max: max ?? Math.min(10 * p95, LARGEST_MESSAGE),
    })),
  z
    .array(
      z
        .strictObject({ size: bytes, weight: z.number().positive('expected a number above 0').default(1) })
        .transform(({ size, weight }) => ({ bytes: size, weight })),
    )
    .min(1, 'expected at least one size')
    .transform((sizes) => ({ kind: 'list' as const, sizes })),
]);

const content = z.union(
  [
    z.enum(['text', 'html', 'attachment']),
    z.strictObject({
      eml: z
        .union([z.string(), z.array(z.string()).min(1, 'expected at least one file')])
        .transform((files) => (Array.isArray(files) ? files : [files])),
    }),
  ],
  { error: 'expected text, html, attachment or { eml: FILE }' },
);

export const message = z.strictObject({
  /** Of the whole message as sent, header and signature included. Default: 2KB. */
  size: messageSize.optional(),
  recipients: count.max(1000, 'expected at most 1000').default(1),
  /** Default: html if `html` is given, else text. */
  content: content.optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  subject: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  /** Gmail's Feedback-ID, such as `spring:customer-7:news:sender-01`. */
  'feedback-id': z.string().optional(),
  unsubscribe: z.enum(['one-click', 'mailto', 'none']).default('none'),
  /** `on` is rsa-2048. Signing a message takes the driver 0.3 to 0.6 ms of CPU with rsa-2048, a sixth with ed25519. */
  dkim: z
    .enum(['none', 'on', ...DKIM_KINDS])
    .transform((kind) => (kind === 'on' ? 'rsa-2048' : kind))
    .default('none'),
});

/** `load.message` as validated. */
export type MessageWish = z.output<typeof message>;
