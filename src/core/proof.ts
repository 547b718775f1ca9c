import { BlockList, isIP } from 'node:net';
import { HarnessError } from './errors.ts';

declare const proven: unique symbol;

/**
 * Evidence that load can reach nothing but the lab, or what its owner has named. Driver and adapters take one as an
 * argument and don't start without it. Only seal.ts (which looks at the interfaces and routes), `loopbackOnly` and
 * `namedByUser` make one.
 */
export interface LabProof {
  readonly [proven]: true;
  readonly lab: 'sealed' | 'loopback' | 'named';
  /** Targets beside loopback, as the user named them. */
  readonly addresses: readonly string[];
}

/** The proof that no seal is needed, since every target is checked to be loopback. */
export function loopbackOnly(): LabProof {
  return prove('loopback');
}

/** For seal.ts alone, after it has looked at this process's interfaces and routes. */
export function sealedProof(): LabProof {
  return prove('sealed');
}

/** The proof that the user runs the server at these addresses, and has said so (`flood --i-run-this-server`). */
export function namedByUser(addresses: readonly string[]): LabProof {
  return prove('named', addresses);
}

function prove(lab: LabProof['lab'], addresses: readonly string[] = []): LabProof {
  return { lab, addresses } as LabProof;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Throws (kind `usage`) unless the address is one that load may be sent to under this proof.
 * @param hint what the user can do about it
 */
export function requireTarget(
  proof: LabProof,
  address: string,
  hint = 'run it where a seal can be made (Linux, unshare and ip), or name a loopback address',
): void {
  if (proof.lab === 'sealed' || isLoopback(address) || proof.addresses.includes(address)) return;
  throw new HarnessError(
    'usage',
    `refusing to send load to ${address}: without a seal only loopback addresses are targets`,
    { hint },
  );
}
