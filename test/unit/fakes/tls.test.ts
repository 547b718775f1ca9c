import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { createAuthority, type Leaf } from '../../../fakes/tls.ts';

const NAMES = ['mx.isp.test', 'alt.isp.test'] as const;

test('certificates are ECDSA P-256, signed by the authority, for these names alone', async () => {
  const authority = await createAuthority(new Date('2026-11-23T12:00:00Z'));
  const ca = new X509Certificate(authority.caPem);
  const { cert, key } = await authority.leaf({ names: NAMES });
  const leaf = new X509Certificate(cert);
  assert.deepEqual(leaf.publicKey.asymmetricKeyDetails, { namedCurve: 'prime256v1' });
  assert.deepEqual([ca.ca, leaf.ca, ca.subject, leaf.subject], [true, false, leaf.issuer, 'CN=mx.isp.test']);
  assert.ok(ca.verify(ca.publicKey) && leaf.verify(ca.publicKey));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(key)));
  assert.equal(leaf.subjectAltName, 'DNS:mx.isp.test, DNS:alt.isp.test');
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.deepEqual([leaf.validFrom, leaf.validTo], ['Nov 22 12:00:00 2026 GMT', 'Dec 23 12:00:00 2026 GMT']);
  const other = await authority.leaf({ names: NAMES });
  assert.notEqual(new X509Certificate(other.cert).serialNumber, leaf.serialNumber);
});

test('a client that has the authority in its trust store takes good certificates and no others', async () => {
  const [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  for (const [leaf, verdict] of [
    [await authority.leaf({ names: NAMES }), 'authorized'],
    [await authority.leaf({ names: ['other.isp.test'] }), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [
      await authority.leaf({
        names: NAMES,
        validFrom: new Date('2020-01-01'),
        validTo: new Date('2020-02-01'),
      }),
      'CERT_HAS_EXPIRED',
    ],
    [await stranger.leaf({ names: NAMES }), 'CERT_SIGNATURE_FAILURE'],
  ] as const) {
    assert.equal(await handshake(leaf, authority.caPem), verdict);
  }
});

/** What a client that trusts `ca` makes of a server with this certificate. */
async function handshake(leaf: Leaf, ca: string): Promise<string> {
  const server = createServer(leaf, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', servername: 'alt.isp.test', ca });
  try {
    await once(socket, 'secureConnect');
    return 'authorized';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  } finally {
    socket.destroy();
    server.close();
  }
}
