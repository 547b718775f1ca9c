/** What the mail hosts of an ISP show in a TLS handshake: the right certificate, and wrong ones for incidents. */
import { wallClock } from '../../src/core/clock.ts';
import type { Authority, Leaf } from '../tls.ts';

/** The certificates that an ISP has; all but the first are for incidents. */
export const CERTIFICATES = ['good', 'expired', 'wrong-name'] as const;
export type CertificateName = (typeof CERTIFICATES)[number];

export type Certificates = Readonly<Record<CertificateName, Leaf>>;

const DAY_MS = 86_400_000;

/** Has all certificates made for hosts. The expired one ran out yesterday. */
export async function issueCertificates(
  authority: Authority,
  hosts: readonly string[],
  now: Date = wallClock(),
): Promise<Certificates> {
  const names = hosts as readonly [string, ...string[]];
  const daysAgo = (days: number): Date => new Date(now.getTime() - days * DAY_MS);
  const [good, expired, wrongName] = await Promise.all([
    authority.leaf({ names }),
    authority.leaf({ names, validFrom: daysAgo(91), validTo: daysAgo(1) }),
    authority.leaf({ names: ['wrong.name.invalid'] }),
  ]);
  return { good, expired, 'wrong-name': wrongName };
}
