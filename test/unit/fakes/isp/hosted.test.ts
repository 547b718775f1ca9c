import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certifiedNames } from '../../../../fakes/isp/hosted.ts';
import { loadProfile } from '../../../../fakes/isp/profile.ts';
import { resolveIsp } from '../../../../fakes/isp/resolve.ts';
import { at } from './policy-client.ts';

const ispWith = (name: string, hosted?: number | string[]) =>
  resolveIsp(loadProfile(name), { scale: 1, overrides: { hosted } });

/** domain: host host, for a domain and the names of its hosts by preference. */
function route(isp: ReturnType<typeof ispWith>, domain: string): string {
  const group = isp.mx.find(({ domains }) => domains.includes(domain));
  return (group?.hosts ?? []).map(({ host, places }) => `${host}@${places.join('+')}`).join(' ');
}

test('every domain has the mail hosts that it has in the world; names may share addresses', () => {
  for (const [name, domain, hosts] of [
    ['yahoo', 'yahoo.com', 'mta5.am0.yahoodns.net@0 mta6.am0.yahoodns.net@1 mta7.am0.yahoodns.net@2'],
    ['yahoo', 'yahoo.de', 'mx-eu.mail.am0.yahoodns.net@3+4'],
    ['yahoo', 'aol.com', 'mx-aol.mail.gm0.yahoodns.net@5+6'],
    ['yahoo', 'att.net', 'mx-att.mail.am0.yahoodns.net@7+8'],
    ['outlook', 'hotmail.co.uk', 'hotmail-co-uk.olc.protection.outlook.com@0+1'],
    ['outlook', 'live.com', 'live-com.olc.protection.outlook.com@0+1'],
    ['outlook', 'big.customer.test', 'big-customer-test.mail.protection.outlook.com@2+3'],
    [
      'gmail',
      'big.customer.test',
      'aspmx.l.google.com@5 alt1.aspmx.l.google.com@6 alt2.aspmx.l.google.com@7 alt3.aspmx.l.google.com@8 alt4.aspmx.l.google.com@9',
    ],
  ] as const) {
    const isp = ispWith(name, name === 'yahoo' ? undefined : ['big.customer.test', 'small.test']);
    assert.equal(route(isp, domain), hosts, domain);
  }
});

test('customers can be counted; a thousand of them cost no address', () => {
  const isp = ispWith('outlook', 1000);
  assert.equal(isp.domains.length, loadProfile('outlook').domains.length + 1000);
  assert.equal(isp.domains.at(-1), 'customer1000.outlook.test');
  assert.deepEqual(new Set(isp.mx.flatMap((g) => g.hosts.flatMap((h) => h.places))), new Set([0, 1, 2, 3]));
  assert.equal(
    route(isp, 'customer7.outlook.test'),
    'customer7-outlook-test.mail.protection.outlook.com@2+3',
  );
  assert.deepEqual(certifiedNames(isp.mx), ['*.olc.protection.outlook.com', '*.mail.protection.outlook.com']);
});

test('an ISP that hosts nobody says so', () => {
  assert.throws(() => ispWith('yahoo', 3), {
    message: 'hosted: Yahoo hosts no domains of customers in its profile',
  });
});

test('limits count over all domains', () => {
  const limits = { 'ip-rate': { rate: '1/h', burst: 2 } };
  const mailboxes = { unknown: 0, full: 0, disabled: 0 };
  const isp = resolveIsp(loadProfile('gmail'), { scale: 1, overrides: { hosted: 1, limits, mailboxes } });
  const client = at(isp);
  const { connection } = client.connect();
  assert.deepEqual(
    ['u@gmail.com', 'u@customer1.gmail.test', 'v@googlemail.com'].map((to) => client.send(connection, 0, to)),
    ['G-dot', 'G-dot', 'G2'],
  );
});
