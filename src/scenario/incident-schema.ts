/** What a scenario may say about an incident: when, about whom, and what changes meanwhile. */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { DNS_TROUBLES } from '../../fakes/dns-answer.ts';
import { feedbackChange } from '../../fakes/feedback/feedback-schema.ts';
import { TLS_FAULTS } from '../../fakes/isp/verdict.ts';
import { realDuration, share, size } from './quantities.ts';

/** An address of either kind. */
export const address = z.string().refine((text) => isIP(text) !== 0, 'expected an IPv4 or IPv6 address');

/** A domain name with at least one dot. */
export const domain = z
  .string()
  .regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/i, 'expected a domain name such as news.sender.test');

/** Overrides of an ISP's limits by name: a rate for short, or the fields of the limit; checked against the profile. */
export const limits = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.record(z.string(), z.unknown())]),
);

/** A network such as 198.18.128.0/24, as a test for addresses. */
const network = z.string().transform((text, context) => {
  const [base = '', length = ''] = text.split('/');
  const list = new BlockList();
  try {
    list.addSubnet(base, Number(length), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  } catch {
    context.addIssue({ code: 'custom', message: 'expected a network such as 198.18.128.0/24' });
    return z.NEVER;
  }
  return { text, holds: (ip: string) => list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4') };
});

/**
 * How a mail host can be out of reach: connections to it time out, are refused, or end with "no route to host".
 */
export const UNREACHABLE = ['timeout', 'refused', 'no-route'] as const;

const all = share.default(1);
const effect = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('slow-banner'), delay: realDuration, share: all }),
    z.strictObject({ kind: z.literal('tarpit'), delay: realDuration, share: all }),
    z.strictObject({
      kind: z.enum(['stall', 'half-open']),
      stage: z.enum(['connect', 'ehlo', 'dot']),
      share: all,
    }),
    z.strictObject({ kind: z.literal('reset'), bytes: size.default(0), share: all }),
    z.strictObject({ kind: z.literal('lose-reply'), share: all }),
    z.strictObject({ kind: z.literal('tls'), fault: z.enum(TLS_FAULTS), share: all }),
  ],
  { error: 'expected one of slow-banner, tarpit, stall, half-open, reset, lose-reply, tls' },
);

/** An incident. Times are real; rates in `limits` are simulated, as in a profile. */
export const incident = z.strictObject({
  isp: z.string(),
  at: realDuration,
  for: realDuration,
  source: address.optional(),
  netblock: network.optional(),
  domain: domain.optional(),
  limits: limits.optional(),
  ramp: realDuration.optional(),
  reply: z
    .union([z.string().transform((id) => ({ id, share: 1 })), z.strictObject({ id: z.string(), share: all })])
    .optional(),
  effect: effect.optional(),
  unreachable: z.enum(UNREACHABLE).optional(),
  mx: z.string().optional(),
  dns: z.enum(DNS_TROUBLES).optional(),
  /** What comes back of what is accepted meanwhile. */
  feedback: feedbackChange.optional(),
});
