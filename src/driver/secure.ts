import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

let shared: SecureContext | undefined;

/**
 * Puts TLS on a connection. Certificates are not verified: a mail server under test shows a self-signed one as a rule,
 * and the target is in the lab or on this machine, which the caller has proved (core/proof.ts). One context serves all
 * sessions; none resumes another's TLS session, so that each costs the server a whole handshake, as a stranger's does.
 */
export function secure(socket: Socket): TLSSocket {
  // Without trust roots, since nobody is to be trusted; loading them costs every process tens of milliseconds.
  shared ??= createSecureContext({ ca: [] });
  return connect({ socket, secureContext: shared, rejectUnauthorized: false });
}
