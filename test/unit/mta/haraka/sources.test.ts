import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { answer, code, harakaPart, type Next, pluginWith } from './plugins-for-tests.ts';

interface Mx {
  exchange: string;
  priority: number;
  port?: number;
  from_dns?: string;
  bind?: string;
  bind_helo?: string;
}
interface Member {
  vmta: string;
  weight: number;
}
interface Sources {
  resolvers: Record<4 | 6, (name: string) => Promise<string[]>>;
  take_turn(next: Next, connection: object): void;
  mx_from_routes(next: Next, hmail: object, domain: string): void;
  mx_from_dns(next: Next, hmail: object, domain: string): Promise<void>;
  deal(members: readonly Member[]): Member[];
  say_why(next: Next, hmail: object, error: Error): void;
}

const netUtils = harakaPart('haraka-net-utils') as {
  get_mx: (domain: string) => Promise<Mx[]>;
  resolve_mx_hosts: (exchanges: Mx[]) => Promise<Mx[]>;
};

const ADDRESS: Record<string, readonly string[]> = {
  a: ['198.18.128.1'],
  b: ['198.18.128.2'],
  c: ['198.18.128.3'],
  six: ['2001:2:0:1::1'],
  dual: ['198.18.128.4', '2001:2:0:1::4'],
  pair: ['198.18.128.5', '198.18.128.6'],
};
const V4: Mx = { exchange: '198.18.0.1', priority: 5, from_dns: 'mx1.gmail.com' };
const V6: Mx = { exchange: '2001:2::1', priority: 5, from_dns: 'mx1.gmail.com' };
const HOSTS: Record<string, Mx[]> = { v4: [V4], v6: [V6], both: [V6, V4] };

/** The settings of a plan with these virtual MTAs. */
function settings(names: readonly string[], more: object = {}): object {
  const members = names.map((vmta) => ({ vmta, weight: 1 }));
  return {
    vmtas: names.map((name) => ({
      name,
      sources: (ADDRESS[name] ?? []).map((address) => ({ address, helo: `${name}.sender.test` })),
    })),
    defaultPool: { name: 'everybody', members, chosen: false },
    isps: [{ id: 'gmail', domains: ['gmail.com', 'googlemail.com'] }],
    ...more,
  };
}

async function notesOf(
  plugin: Sources,
  header: string,
  hosts: readonly string[],
): Promise<Record<string, unknown>> {
  const transaction = {
    header: { get: () => header },
    rcpt_to: hosts.map((host) => ({ host })),
    notes: {} as Record<string, unknown>,
  };
  await answer((next) => plugin.take_turn(next, { transaction }));
  return transaction.notes;
}

const hmail = (notes: object) => ({
  todo: { notes, rcpt_to: [{}] },
  sort_mx: (list: Mx[]) => list,
  loginfo() {},
});

/** A new message's way through the plugin: what Haraka is told of the hosts, in short. */
async function route(plugin: Sources, header: string, domain: string, hosts: readonly Mx[]): Promise<string> {
  mock.method(netUtils, 'get_mx', async () => hosts);
  mock.method(netUtils, 'resolve_mx_hosts', async (exchanges: Mx[]) => exchanges);
  const notes = await notesOf(plugin, header === '' ? '' : `${header}\n`, [domain]);
  const [result, value] = await answer((next) => plugin.mx_from_dns(next, hmail(notes), domain));
  if (result === code.deny) return `bounce: ${value}`;
  assert.equal(result, code.ok);
  return (value as Mx[]).map(({ exchange, bind }) => `${bind ?? 'any'} > ${exchange}`).join(', ');
}

test('the hooks depend on the plan', () => {
  const hooks = (more: object): string[] => pluginWith<Sources>('sources', settings(['a'], more)).hooks;
  const [turn, why] = ['pre_send_trans_email take_turn', 'bounce say_why'];
  assert.deepEqual(hooks({}), [turn, 'get_mx mx_from_dns', why]);
  assert.deepEqual(hooks({ routes: {} }), [turn, 'get_mx mx_from_routes', why]);
});

test('virtual MTAs take turns, in the shares of their pool', async (t) => {
  t.after(() => mock.restoreAll());
  const pools = [
    {
      name: 'bulk',
      members: [
        { vmta: 'a', weight: 3 },
        { vmta: 'b', weight: 1 },
      ],
    },
  ];
  const chosen = {
    pools,
    defaultPool: {
      name: 'mixed',
      members: [
        { vmta: 'a', weight: 1 },
        { vmta: 'six', weight: 1 },
      ],
      chosen: true,
    },
  };
  const trouble = 'bounce: virtual MTA six has no IPv4 address and gmail.com has no IPv6 host';
  const table: {
    name: string;
    vmtas: string[];
    more?: object;
    header?: string;
    domain?: string;
    hosts: string;
    expect: string[];
  }[] = [
    { name: 'one', vmtas: ['a'], hosts: 'v4', expect: ['a', 'a'] },
    { name: 'two', vmtas: ['a', 'b'], hosts: 'v4', expect: ['a', 'b', 'a', 'b'] },
    {
      name: 'a weighted pool that the message names',
      vmtas: ['a', 'b'],
      more: { pools },
      header: 'bulk',
      hosts: 'v4',
      expect: ['a', 'a', 'b', 'a', 'a', 'a', 'b', 'a'],
    },
    { name: 'one that the message names', vmtas: ['a', 'b'], header: 'b', hosts: 'v4', expect: ['b', 'b'] },
    { name: 'a name that nobody has', vmtas: ['a', 'b'], header: 'nobody', hosts: 'v4', expect: ['a', 'b'] },
    { name: 'both families', vmtas: ['a', 'six'], hosts: 'both', expect: ['a', 'six@v6', 'a', 'six@v6'] },
    {
      name: 'nobody chose a pool: who can’t reach it takes no turns',
      vmtas: ['a', 'six', 'b'],
      hosts: 'v4',
      expect: ['a', 'b', 'a', 'b'],
    },
    {
      name: 'nobody chose a pool, IPv6 alone',
      vmtas: ['a', 'six'],
      hosts: 'v6',
      expect: ['six@v6', 'six@v6'],
    },
    { name: 'nothing reaches it', vmtas: ['six'], hosts: 'v4', expect: [trouble] },
    { name: 'the one named can’t', vmtas: ['a', 'six'], header: 'six', hosts: 'v4', expect: [trouble] },
    {
      name: 'a pool that the scenario chose keeps its members',
      vmtas: ['a', 'six'],
      more: chosen,
      hosts: 'v4',
      expect: ['a', trouble, 'a', trouble],
    },
    {
      name: 'mail for the sender’s own domain goes out all the same',
      vmtas: ['a', 'six'],
      more: chosen,
      domain: 'news.sender.test',
      hosts: 'v4',
      expect: ['a', 'a'],
    },
    {
      name: 'from the machine’s own address, if need be',
      vmtas: ['six'],
      header: 'six',
      domain: 'news.sender.test',
      hosts: 'v4',
      expect: ['any > 198.18.0.1'],
    },
    {
      name: 'dual stack: all hosts in their order, each from its family',
      vmtas: ['dual'],
      hosts: 'both',
      expect: ['2001:2:0:1::4 > 2001:2::1, 198.18.128.4 > 198.18.0.1'],
    },
    { name: 'dual stack, IPv4 alone', vmtas: ['dual'], hosts: 'v4', expect: ['dual'] },
    {
      name: 'two addresses of one virtual MTA take turns',
      vmtas: ['pair'],
      hosts: 'v4',
      expect: ['198.18.128.5 > 198.18.0.1', '198.18.128.6 > 198.18.0.1', '198.18.128.5 > 198.18.0.1'],
    },
  ];
  for (const { name, vmtas, more, header = '', domain = 'gmail.com', hosts, expect } of table) {
    const { plugin } = pluginWith<Sources>('sources', settings(vmtas, more));
    for (const [turn, want] of expect.entries()) {
      const [vmta = '', family = 'v4'] = want.split('@');
      const known = ADDRESS[vmta]?.[0];
      const full = known ? `${known} > ${family === 'v4' ? V4.exchange : V6.exchange}` : want;
      assert.equal(await route(plugin, header, domain, HOSTS[hosts] ?? []), full, `${name}, turn ${turn}`);
    }
  }
});

test('any weights are dealt in their shares, as evenly as can be', () => {
  const table: Record<string, number>[] = [
    { a: 1 },
    { a: 3, b: 1 },
    { a: 0.7, b: 0.3 },
    { a: 1, b: Math.SQRT2, c: Math.PI },
    { a: 5000, b: 1 },
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`vmta${i}`, 1 + (i % 3)])),
  ];
  const { plugin } = pluginWith<Sources>('sources', settings(['a']));
  for (const weights of table) {
    const members = Object.entries(weights).map(([vmta, weight]) => ({ vmta, weight }));
    const cycle = plugin.deal(members);
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const seen = new Map<string, number>();
    for (let turn = 0; turn < 3000; turn++) {
      const { vmta } = cycle[turn % cycle.length] as Member;
      seen.set(vmta, (seen.get(vmta) ?? 0) + 1);
      for (const { vmta: each, weight } of members) {
        const off = Math.abs((seen.get(each) ?? 0) - ((turn + 1) * weight) / total);
        assert.ok(off < 2, `${JSON.stringify(weights)}: ${each} is off by ${off} after ${turn + 1}`);
      }
    }
  }
});

test('turns are counted for each ISP, and kept in the notes', async () => {
  const { plugin, warnings } = pluginWith<Sources>('sources', settings(['a', 'b', 'c']));
  const table: { pool: string; hosts: string[]; turns: Record<string, number> }[] = [
    { pool: '', hosts: ['gmail.com'], turns: { 'gmail.com': 0 } },
    { pool: '', hosts: ['gmail.com', 'else.test', 'gmail.com'], turns: { 'gmail.com': 1, 'else.test': 0 } },
    { pool: 'b', hosts: ['gmail.com'], turns: { 'gmail.com': 0 } },
    { pool: '', hosts: ['googlemail.com'], turns: { 'googlemail.com': 2 } },
  ];
  for (const { pool, hosts, turns } of table) {
    assert.deepEqual(await notesOf(plugin, pool === '' ? '' : `${pool}\n`, hosts), {
      windtunnel: { pool, turns },
    });
  }
  assert.deepEqual(warnings, []);
  await notesOf(plugin, 'nobody\n', ['gmail.com']);
  assert.deepEqual(warnings, ['no virtual MTA or pool is named nobody: the default pool takes the message']);
});

test('what DNS does not tell is never taken for an answer, nor looked up by Haraka itself', async (t) => {
  t.after(() => mock.restoreAll());
  const named = { exchange: 'mx1.gmail.com', priority: 5 };
  const nowhere = 'Nowhere to deliver mail to for domain: gmail.com';
  const unsure = 'some addresses of the mail hosts could not be looked up';
  const six = 'virtual MTA six has no IPv4 address and gmail.com has no IPv6 host';
  const none = (): Promise<never> => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' }));
  const fails = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('fails'), { code: 'ESERVFAIL' }));
  const table: {
    name: string;
    found: Mx[] | Error;
    addresses?: Mx[];
    resolve6?: () => Promise<string[]>;
    expect: unknown[];
  }[] = [
    { name: 'null MX: Haraka bounces it', found: [{ exchange: '', priority: 0 }], expect: [code.cont] },
    { name: 'nothing found', found: [], expect: [code.deny, nowhere] },
    {
      name: 'DNS fails',
      found: new Error('ETIMEOUT'),
      expect: [code.denysoft, 'MX of gmail.com: ETIMEOUT'],
    },
    {
      name: 'the hosts have no addresses',
      found: [named],
      addresses: [],
      expect: [code.denysoft, 'no mail host of gmail.com has an address'],
    },
    { name: 'no IPv6, for sure', found: [named], addresses: [V4], resolve6: none, expect: [code.deny, six] },
    {
      name: 'no IPv6, since DNS fails',
      found: [named],
      addresses: [V4],
      resolve6: fails,
      expect: [code.denysoft, unsure],
    },
    {
      name: 'IPv6 the second time',
      found: [named],
      addresses: [V4],
      resolve6: async () => ['2001:2::1'],
      expect: [code.denysoft, unsure],
    },
  ];
  for (const { name, found, addresses = [], resolve6 = none, expect } of table) {
    mock.method(netUtils, 'get_mx', async () => {
      if (found instanceof Error) throw found;
      return found;
    });
    mock.method(netUtils, 'resolve_mx_hosts', async () => addresses);
    const { plugin } = pluginWith<Sources>('sources', settings(['six']));
    plugin.resolvers = { 4: none, 6: resolve6 };
    const notes = { windtunnel: { pool: '', turns: { 'gmail.com': 0 } } };
    const given = await answer((next) => plugin.mx_from_dns(next, hmail(notes), 'gmail.com'));
    assert.deepEqual(given, expect, name);
  }
});

test('a lookup that fails in part changes nobody’s turn', async (t) => {
  t.after(() => mock.restoreAll());
  const { plugin } = pluginWith<Sources>('sources', settings(['a', 'six']));
  assert.equal(await route(plugin, '', 'gmail.com', [V6, V4]), '198.18.128.1 > 198.18.0.1');
  const notes = { windtunnel: { pool: '', turns: { 'gmail.com': 1 } } };
  const lookUp = (hosts: Mx[]): Promise<unknown[]> => {
    mock.method(netUtils, 'get_mx', async () => hosts);
    return answer((next) => plugin.mx_from_dns(next, hmail(notes), 'gmail.com'));
  };
  assert.equal((await lookUp([V4]))[0], code.denysoft, 'the second is for six');
  assert.deepEqual(await lookUp([V4, V6]), [
    code.ok,
    [{ ...V6, bind: '2001:2:0:1::1', bind_helo: 'six.sender.test' }],
  ]);
});

test('without a seal only routes count, and DNS is never asked', async () => {
  const routes = {
    'gmail.com': { address: '127.0.0.1', port: 2601 },
    'yahoo.com': { address: '127.0.0.1', port: 2602, host: 'mx.yahoo.test' },
  };
  const vmtas = [{ name: 'local', sources: [{ address: '127.0.0.2', helo: 'local.sender.test' }] }];
  const defaultPool = { name: 'everybody', members: [{ vmta: 'local', weight: 1 }], chosen: false };
  const { plugin } = pluginWith<Sources>('sources', { vmtas, defaultPool, routes });
  const notes = { windtunnel: { pool: '', turns: {} } };
  const bound = { priority: 0, exchange: '127.0.0.1', bind: '127.0.0.2', bind_helo: 'local.sender.test' };
  const table: { domain: string; expect: unknown[] }[] = [
    { domain: 'Gmail.com', expect: [code.ok, [{ ...bound, port: 2601 }]] },
    { domain: 'yahoo.com', expect: [code.ok, [{ ...bound, port: 2602, from_dns: 'mx.yahoo.test' }]] },
    { domain: 'elsewhere.test', expect: [code.deny, 'no route without a seal'] },
  ];
  for (const { domain, expect } of table)
    assert.deepEqual(await answer((next) => plugin.mx_from_routes(next, hmail(notes), domain)), expect);
});

test('a bounce for want of a family says so, any other keeps its words', async () => {
  const { plugin } = pluginWith<Sources>('sources', settings(['six']));
  const recipient: { dsn_msg?: string } = { dsn_msg: 'No MX for gmail.com' };
  const error = new Error('No MX for gmail.com');
  const mail = { todo: { rcpt_to: [recipient] } };
  assert.deepEqual(await answer((next) => plugin.say_why(next, mail, error)), [code.cont]);
  assert.equal(error.message, 'No MX for gmail.com');
  await answer((next) => plugin.say_why(next, { ...mail, windtunnel: { trouble: 'no way' } }, error));
  assert.deepEqual([error.message, recipient.dsn_msg], ['no way', 'no way']);
});
