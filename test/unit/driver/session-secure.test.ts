/** The driver's TLS and AUTH against servers that are not ours, and its STARTTLS against the simulated ISPs. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { issueCertificates } from '../../../fakes/isp/certificates.ts';
import { createAuthority } from '../../../fakes/tls.ts';
import type { Credentials } from '../../../src/driver/authentication.ts';
import { converse, type Work } from '../../support/conversation.ts';
import { openIsp } from '../../support/isp-for-contract.ts';

const send = (...messages: number[]): Work[] => messages.map((message) => ({ message }));
const authority = await createAuthority();
const leaf = await authority.leaf({ names: ['mta.test'] });

interface Running {
  readonly port: number;
  /** Of each message: whether it came over TLS, as whom, and its text. */
  readonly mails: { readonly secure: boolean; readonly user: unknown; readonly text: string }[];
}

/** A server of the smtp-server package, which knows the user `tim` with the password `right`. */
async function serve(t: TestContext, options: SMTPServerOptions): Promise<Running> {
  const mails: Running['mails'] = [];
  const server = new SMTPServer({
    ...leaf,
    closeTimeout: 1,
    disableReverseLookup: true,
    authOptional: true,
    onAuth(auth, _session, callback) {
      const right = auth.method === 'CRAM-MD5' ? auth.validatePassword('right') : auth.password === 'right';
      if (auth.username === 'tim' && right) callback(null, { user: 'tim' });
      else callback(Object.assign(new Error('wrong'), { responseCode: 535 }));
    },
    onData(stream, session, callback) {
      let text = '';
      stream.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => {
        mails.push({ secure: session.secure, user: session.user, text });
        callback(null);
      });
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

test('mail goes over TLS, begun by STARTTLS or from the first byte', async (t) => {
  for (const [tls, options] of [
    ['starttls', {}],
    ['implicit', { secure: true }],
    ['none', {}],
  ] as const) {
    const { port, mails } = await serve(t, options);
    const large = Buffer.from('0123456789abcde\n'.repeat(20_000).replaceAll('\n', '\r\n'));
    const { results, end } = await converse({ port, tls }, send(0, 0, 0, 0), {
      messages: () => ({
        sender: 'a@a.test',
        recipients: ['b@b.test'],
        head: 'Subject: x\r\n\r\n',
        body: mails.length % 2 === 0 ? large : Buffer.from('small\r\n'),
        eightBit: false,
      }),
    });
    assert.deepEqual(
      results.map(({ state }) => state),
      Array(4).fill('confirmed'),
      tls,
    );
    assert.deepEqual(
      mails.map(({ secure, text }) => [secure, text.length]),
      [0, 1, 2, 3].map((n) => [tls !== 'none', 14 + (n % 2 === 0 ? large.length : 7)]),
      tls,
    );
    assert.deepEqual(end, { stage: 'open', code: 221, reason: 'quit', wasReady: true }, tls);
  }
});

test('each mechanism logs in with the right password, and with no other', async (t) => {
  const authMethods = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
  for (const mechanism of ['plain', 'login', 'cram-md5'] satisfies Credentials['mechanism'][]) {
    for (const tls of ['starttls', 'implicit', 'none'] as const) {
      const { port, mails } = await serve(t, {
        authMethods,
        allowInsecureAuth: true,
        secure: tls === 'implicit',
      });
      const as = (password: string) => ({ port, tls, auth: { mechanism, user: 'tim', password } });
      const good = await converse(as('right'), send(0));
      assert.equal(good.end.code, 221, mechanism);
      assert.deepEqual(
        mails.map(({ user, secure }) => [user, secure]),
        [['tim', tls !== 'none']],
      );
      const bad = await converse(as('wrong'), send(0));
      const reason = 'AUTH was refused with 535';
      assert.deepEqual(bad.end, { stage: 'auth', code: 535, reason, wasReady: false }, mechanism);
      assert.equal(mails.length, 1);
    }
  }
});

test('no password is sent to a server that does not ask for it', async (t) => {
  const auth = { mechanism: 'plain', user: 'tim', password: 'right' } as const;
  const rows: [SMTPServerOptions, number, string][] = [
    [{ disabledCommands: ['AUTH'] }, 0, 'the server does not offer AUTH PLAIN (it offers no AUTH)'],
    [{ authMethods: ['LOGIN'] }, 0, 'the server does not offer AUTH PLAIN (it offers AUTH LOGIN)'],
    // It offers PLAIN in the clear, and then wants TLS first.
    [{ authMethods: ['PLAIN'] }, 538, 'AUTH was refused with 538'],
  ];
  for (const [options, code, reason] of rows) {
    const { port } = await serve(t, options);
    const { end } = await converse({ port, auth }, []);
    assert.deepEqual(end, { stage: 'auth', code, reason, wasReady: false });
  }
});

test('a simulated ISP takes mail over STARTTLS, whatever its certificate', async (t) => {
  const certificates = await issueCertificates(authority, ['gmail-smtp-in.l.google.com']);
  for (const certificate of ['good', 'expired', 'wrong-name'] as const) {
    const { sink, outcomes } = await openIsp(t, 'gmail', 'native', {
      certificates: { ...certificates, good: certificates[certificate] },
    });
    const { port } = sink.addresses[0] as { port: number };
    const { results, end } = await converse({ port, tls: 'starttls' }, ['noop', ...send(0, 0)], {
      ahead: true,
      messages: () => ({
        sender: 'b-1@news.sender.test',
        recipients: ['u7.0@gmail.com'],
        head: 'X-Windtunnel-Message: 1\r\n\r\n',
        body: Buffer.from('hello\r\n'),
        eightBit: false,
      }),
    });
    assert.deepEqual(
      results.map(({ state, code }) => [state, code]),
      Array(2).fill(['confirmed', 250]),
      certificate,
    );
    assert.deepEqual([outcomes, end.code], [['accepted', 'accepted'], 221]);
  }
});
