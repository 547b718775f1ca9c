/** Security checks that a scenario asks for: how the MTA is reached, and as whom it runs. */
import { z } from 'zod';
import { address } from './incident-schema.ts';

/** TLS versions by the names that Node's tls has for them, the oldest first. */
export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

const port = z
  .number({ error: 'expected a port from 1 to 65535' })
  .int('expected a port from 1 to 65535')
  .min(1, 'expected a port from 1 to 65535')
  .max(65_535, 'expected a port from 1 to 65535');

export const checks = z.strictObject({
  /** The submission ports answer on loopback and on no other address. */
  injection: z.literal('loopback', { error: 'expected loopback' }).optional(),
  /** Mail from a stranger's address to a stranger's domain is refused. */
  relay: z.literal('closed', { error: 'expected closed' }).optional(),
  /** The management port answers these addresses and nobody else. */
  management: z
    .strictObject({ port, from: z.array(address).min(1, 'expected at least one address') })
    .optional(),
  /** No process of the MTA is root's. */
  user: z.literal('unprivileged', { error: 'expected unprivileged' }).optional(),
  /** The oldest version of TLS that the submission ports may offer (RFC 8996 has TLSv1.2). */
  tls: z.enum(TLS_VERSIONS).optional(),
});

/** The checks of a scenario; those that are absent are not made. */
export type Checks = z.output<typeof checks>;

/** The names of the checks that are asked for, in the order in which they are reported. */
export function checkNames(wished: Checks): (keyof Checks)[] {
  return (['injection', 'relay', 'management', 'user', 'tls'] as const).filter(
    (name) => wished[name] !== undefined,
  );
}
