/** What a scenario may say of the MTA under test. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { HTTP_APIS } from '../core/http-injection.ts';
import { address, domain } from './incident-schema.ts';
import { count, duration, rate, realDuration, realRate, size } from './quantities.ts';

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

/** A command as a list, so that no shell has to guess where its words end. */
const command = z
  .array(z.string().min(1, 'expected no empty word'), {
    error: 'expected a command and its arguments as a list, such as [my-mta, -c, /etc/my-mta]',
  })
  .min(1, 'expected a command');

/** `127.0.0.1:25`, `[::1]:25`. */
const endpoint = z.string().transform((text, context) => {
  const [, ip6, ip4, port = ''] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = ip6 ?? ip4 ?? '';
  if (isIP(address) === (ip6 === undefined ? 4 : 6) && Number(port) >= 1 && Number(port) <= 65535)
    return { address, port: Number(port) };
  context.addIssue({
    code: 'custom',
    message: 'expected an address and a port, such as 127.0.0.1:25 or [::1]:25',
  });
  return z.NEVER;
});

/** An MTA that the user configures. */
const external = z.strictObject({
  start: command.optional(),
  stop: command.optional(),
  queue: command.optional(),
  cwd: z.string().default('.'),
  logs: z.array(z.string()).default([]),
  submission: endpoint.optional(),
  http: z
    .strictObject({
      address: endpoint,
      api: z.enum(HTTP_APIS),
      /** As its API shows it; for KumoMTA a user and a password. */
      key: z
        .string()
        .regex(/^[ -~]+$/, 'expected a key of ASCII letters, digits and signs')
        .optional(),
    })
    .optional(),
  ready: realDuration.prefault('60s'),
  /** The user's word that all mail is routed to the lab; without a seal nothing else keeps it here. */
  routed: z.boolean({ error: 'expected true or false' }).default(false),
  firstPort: count.max(65_000, 'expected at most 65000').default(2600),
  /** Its timers are the production's divided by `clock.scale`. */
  scaled: z.boolean({ error: 'expected true or false' }).default(false),
});

export const mta = z.strictObject({
  adapter: z.string().default('haraka'),
  external: external.optional(),
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
  /** The size of a disk of its own for its queue, in memory. Default: none, unless a fault fills it. */
  queueDisk: size.refine((bytes) => bytes >= 1e6 && bytes <= 4e9, 'expected 1MB to 4000MB').optional(),
  /** What it can do at one ISP, for the perfect sender; default: its best ten seconds in the run. */
  capacity: realRate.optional(),
});
