/** A server that speaks TLS from the first byte and takes all mail: the library smtp-server, which has nothing to decide. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { createAuthority } from '../../../fakes/tls.ts';
import { exit, parentChannel } from '../../../src/core/process.ts';

export interface FromImplicitTls {
  readonly type: 'open';
  readonly port: number;
}

const channel = parentChannel<FromImplicitTls, never>();
channel.onDisconnect(() => exit(0));
const authority = await createAuthority();
const server = new SMTPServer({
  ...(await authority.leaf({ names: ['mx.sink.test'] })),
  secure: true,
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData(stream, _session, done) {
    stream.on('end', () => done()).resume();
  },
});
// A driver that ends a connection is no error.
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.server.address() as AddressInfo;
  channel.send({ type: 'open', port });
});
