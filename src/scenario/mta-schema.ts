/** What a scenario may say of the MTA under test. */
import { z } from 'zod';
import { address, domain } from './incident-schema.ts';
import { count, duration, rate, realRate } from './quantities.ts';

const NAME = 'expected a name of letters, digits, - and _ that begins with a letter';
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, NAME);

/** A source of the MTA: an address, or an address with its name and virtual MTA. */
const source = z.union([
  address.transform((ip) => ({ ip, helo: undefined, vmta: undefined })),
  z.strictObject({ ip: address, helo: domain.optional(), vmta: name.optional() }),
]);

/** Virtual MTAs that share mail: in equal shares, or by weight. */
const pool = z.union(
  [
    z.array(name).min(1, 'expected at least one virtual MTA'),
    z.record(name, z.number({ error: 'expected a weight above 0' }).positive('expected a weight above 0')),
  ],
  { error: 'expected virtual MTAs such as [vmta1, vmta2], or with weights such as { vmta1: 3, vmta2: 1 }' },
);

/** What the MTA is told to keep to at one ISP. The rate is simulated, as the ISP's own limits are. */
const atIsp = z.strictObject({ concurrency: count.optional(), rate: rate.optional() });

export const mta = z.strictObject({
  adapter: z.string().default('haraka'),
  sources: z.array(source).min(1, 'expected at least one source').prefault(['198.18.128.1']),
  pools: z
    .record(name, pool, { error: ({ code }) => (code === 'invalid_key' ? NAME : undefined) })
    .default({}),
  /** The pool of messages that name none; default: all virtual MTAs in equal shares. */
  pool: name.optional(),
  isps: z.record(z.string(), atIsp).default({}),
  tls: z.enum(['none', 'opportunistic', 'required']).default('opportunistic'),
  listen: z.enum(['all', 'loopback']).default('all'),
  workers: count.max(64, 'expected at most 64').optional(),
  retry: z.array(duration).min(1, 'expected at least one wait').prefault(['1m', '5m', '15m', '1h']),
  expire: duration.prefault('1d'),
  concurrency: count.default(100),
  /** What it can do at one ISP, for the perfect sender; default: its best ten seconds in the run. */
  capacity: realRate.optional(),
});
