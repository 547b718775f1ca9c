import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInteropLab } from '../support/interop-lab.ts';

const scenario = `
mta: { adapter: none, sources: [198.18.128.1, "2001:2:0:1::1"] }
load: { rate: 1/s, duration: 1s }
`;

/** Each ISP's first host and its last, and one over IPv6. */
const hosts: readonly [host: string, family: string][] = [
  ['gmail-smtp-in.l.google.com', '-4'],
  ['gmail-smtp-in.l.google.com', '-6'],
  ['alt4.gmail-smtp-in.l.google.com', '-4'],
  ['mta5.am0.yahoodns.net', '-4'],
  ['mta7.am0.yahoodns.net', '-4'],
  ['outlook-com.olc.protection.outlook.com', '-4'],
  ['hotmail-com.olc.protection.outlook.com', '-4'],
];

test("openssl s_client verifies each mail host's certificate against the lab's authority", async (t) => {
  const lab = await openInteropLab(t, scenario, ['openssl']);
  if (!lab) return;
  const ask = (host: string, family: string, name: string, protocol: string) =>
    lab.run(
      [
        ...['openssl', 's_client', '-starttls', 'smtp', '-connect', `${host}:25`, family, protocol, '-brief'],
        ...['-no-CAfile', '-no-CApath', '-no-CAstore', '-CAfile', join(lab.folder, 'ca.pem')],
        ...['-verify_return_error', '-verify_hostname', name],
      ],
      'QUIT\r\n',
    );
  for (const [host, family] of hosts) {
    for (const [protocol, name] of [
      ['-tls1_2', 'TLSv1.2'],
      ['-tls1_3', 'TLSv1.3'],
    ] as const) {
      const { code, stdout, stderr } = await ask(host, family, host, protocol);
      assert.equal(code, 0, stdout + stderr);
      for (const line of [`Protocol version: ${name}`, 'Verification: OK'])
        assert.ok(stderr.split('\n').includes(line), `${line} in\n${stderr}`);
      // Hosts made from customers' names share a wildcard.
      const peer = /^Verified peername: (.*)$/m.exec(stderr)?.[1] ?? '';
      assert.ok([host, host.replace(/^[^.]+/, '*')].includes(peer), stderr);
    }
  }
  const wrong = await ask('mta5.am0.yahoodns.net', '-4', 'mta5.example.test', '-tls1_3');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /verify error:num=62:hostname mismatch/);
});
