/** Whom a flood may be sent to, and which of a host's addresses it goes to. */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { type LabProof, loopbackOnly, namedByUser, requireTarget } from '../../core/proof.ts';
import { proveSealed } from '../ground/seal.ts';
import type { DriverGround } from '../messages.ts';

/** A target as the user typed it. */
export interface FloodTarget {
  readonly host: string;
  readonly port: number;
  /** What `--i-run-this-server` said. */
  readonly named: string | undefined;
}

/** Addresses of a host. Rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The system's resolver: /etc/hosts, then DNS. */
export const resolveHost: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/** Addresses that load may be sent to, and the ground on which the driver can prove it again. */
export interface AllowedTarget {
  readonly addresses: readonly string[];
  readonly ground: DriverGround;
  readonly proof: LabProof;
}

/**
 * The addresses of a target, every one of which load may be sent to. Opens no connection.
 * @param sealed whether this process is in a seal
 * @throws HarnessError of kind `usage` if the host is not known, or if it is not one to send load to
 */
export async function allowedTarget(
  { host, named }: FloodTarget,
  resolve: Resolve = resolveHost,
  sealed = isSealed,
): Promise<AllowedTarget> {
  if (named !== undefined && named !== host)
    throw new HarnessError('usage', `--i-run-this-server ${named}: the target is ${host}; name exactly that`);
  const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [host];
  const { ground, proof } = groundFor(named === undefined ? undefined : addresses, sealed);
  for (const address of addresses)
    requireTarget(proof, address, `if this server is yours, say so: --i-run-this-server ${host}`);
  return { addresses, ground, proof };
}

async function resolved(host: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    const addresses = await resolve(host);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    throw new HarnessError('usage', `can't find ${host}: ${messageOf(error)}`);
  }
  throw new HarnessError('usage', `can't find ${host}: it has no address`);
}

function groundFor(
  named: readonly string[] | undefined,
  sealed: () => LabProof | undefined,
): Omit<AllowedTarget, 'addresses'> {
  if (named) return { ground: { named }, proof: namedByUser(named) };
  const proof = sealed();
  return proof ? { ground: 'sealed', proof } : { ground: 'loopback', proof: loopbackOnly() };
}

function isSealed(): LabProof | undefined {
  try {
    return proveSealed();
  } catch {
    return undefined;
  }
}

/** The first address that takes a connection; if none does, the first of all, whose refusals the flood will count. */
export async function firstThatListens(
  addresses: readonly string[],
  port: number,
  proof: LabProof,
): Promise<string> {
  const [first = ''] = addresses;
  if (addresses.length === 1) return first;
  for (const address of addresses) if (await takesConnection(address, port, proof)) return address;
  return first;
}

/** A host that is silent is left for its next address after so long. */
const PATIENCE_MS = 3000;

function takesConnection(host: string, port: number, proof: LabProof): Promise<boolean> {
  requireTarget(proof, host);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const tell = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .on('connect', () => tell(true))
      .on('timeout', () => tell(false))
      .on('error', () => tell(false));
  });
}
