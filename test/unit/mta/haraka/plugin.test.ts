import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
import { asset } from '../../../../src/core/assets.ts';

interface Mx {
  exchange: string;
  priority: number;
  port?: number;
  from_dns?: string;
  bind?: string;
  bind_helo?: string;
}
interface Source {
  address: string;
  helo: string;
  vmta: string;
}
type Next = (code?: number, value?: unknown) => void;

/** The plugin as Haraka sees it, with what Haraka adds to it. */
interface Plugin {
  register(): void;
  take_turn(next: Next, connection: object): void;
  mx_from_routes(next: Next, hmail: object, domain: string): void;
  mx_from_dns(next: Next, hmail: object, domain: string): Promise<void>;
  choose(sources: readonly Source[], turn: number, addresses: readonly Mx[]): Source | undefined;
  wait(next: Next, hmail: { num_failures: number }): void;
}

const load = createRequire(asset('src', 'mta', 'haraka', 'plugin.cjs'));
// Haraka's other packages lie beside Haraka or in it: they are found from its place.
const harakaPart = createRequire(load.resolve('Haraka/package.json'));
const code = harakaPart('haraka-constants') as Record<'ok' | 'cont' | 'deny' | 'denysoft', number>;
const netUtils = harakaPart('haraka-net-utils') as {
  get_mx: (domain: string) => Promise<Mx[]>;
  resolve_mx_hosts: (exchanges: Mx[]) => Promise<Mx[]>;
};

function source(address: string, vmta = address): Source {
  return { address, helo: `${vmta}.sender.test`, vmta };
}
const A = source('198.18.128.1', 'a');
const B = source('198.18.128.2', 'b');
const C = source('198.18.128.3', 'c');
const SIX = source('2001:2:0:1::1', 'six');
const V4: Mx = { exchange: '198.18.0.1', priority: 5, from_dns: 'mx1.gmail.com' };
const V6: Mx = { exchange: '2001:2::1', priority: 5, from_dns: 'mx1.gmail.com' };

function pluginWith(settings: object): { plugin: Plugin; hooks: string[]; warnings: string[] } {
  const hooks: string[] = [];
  const warnings: string[] = [];
  const plugin: Plugin = Object.assign(Object.create(load('./plugin.cjs') as Plugin), {
    config: { get: () => settings },
    register_hook: (hook: string, method: string) => hooks.push(`${hook} ${method}`),
    logwarn: (text: string) => warnings.push(text),
  });
  plugin.register();
  return { plugin, hooks, warnings };
}

/** What a hook hands to `next`. */
async function answer(run: (next: Next) => unknown): Promise<unknown[]> {
  const given: unknown[][] = [];
  await run((...values) => void given.push(values));
  assert.equal(given.length, 1, 'next is called exactly once');
  return given[0] as unknown[];
}

async function notesOf(
  plugin: Plugin,
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

const hmail = (notes: object) => ({ todo: { notes }, sort_mx: (list: Mx[]) => list, loginfo: () => {} });

test('the hooks depend on the plan', () => {
  const always = [
    'connect relay_for_client',
    'pre_send_trans_email take_turn',
    'deferred log_deferral',
    'bounce log_bounce',
  ];
  const table: { settings: object; hooks: string[] }[] = [
    { settings: { sources: [A] }, hooks: [...always, 'get_mx mx_from_dns'] },
    { settings: { sources: [A], waits: [] }, hooks: [...always, 'get_mx mx_from_dns', 'deferred wait'] },
    {
      settings: { sources: [A], routes: {} },
      hooks: [...always, 'get_mx mx_from_routes', 'lookup_rdns name_client'],
    },
  ];
  for (const { settings, hooks } of table) assert.deepEqual(pluginWith(settings).hooks, hooks);
});

test('sources take turns; one that cannot reach the destination hands its turn on', () => {
  const turns = (sources: Source[], addresses: Mx[], count: number): (string | undefined)[] =>
    Array.from(
      { length: count },
      (_, turn) => pluginWith({ sources }).plugin.choose(sources, turn, addresses)?.vmta,
    );
  const table: { name: string; sources: Source[]; addresses: Mx[]; chosen: (string | undefined)[] }[] = [
    { name: 'one', sources: [A], addresses: [V4], chosen: ['a', 'a'] },
    { name: 'two', sources: [A, B], addresses: [V4], chosen: ['a', 'b', 'a', 'b'] },
    { name: 'both families', sources: [A, SIX], addresses: [V4, V6], chosen: ['a', 'six', 'a', 'six'] },
    { name: 'IPv4 alone', sources: [A, SIX], addresses: [V4], chosen: ['a', 'a'] },
    { name: 'IPv6 alone', sources: [A, SIX], addresses: [V6], chosen: ['six', 'six'] },
    {
      name: 'turns handed on are spread evenly',
      sources: [A, SIX, B, SIX],
      addresses: [V4],
      chosen: ['a', 'a', 'b', 'a', 'a', 'b', 'b', 'b'],
    },
    { name: 'nothing reaches it', sources: [SIX], addresses: [V4], chosen: [undefined, undefined] },
  ];
  for (const { name, sources, addresses, chosen } of table) {
    assert.deepEqual(turns(sources, addresses, chosen.length), chosen, name);
  }
});

test('turns are counted for each destination and virtual MTA, and kept in the notes', async () => {
  const { plugin, warnings } = pluginWith({ sources: [A, B, C] });
  const table: { vmta: string; hosts: string[]; turns: Record<string, number> }[] = [
    { vmta: '', hosts: ['gmail.com'], turns: { 'gmail.com': 0 } },
    { vmta: '', hosts: ['gmail.com', 'yahoo.com', 'gmail.com'], turns: { 'gmail.com': 1, 'yahoo.com': 0 } },
    { vmta: 'b', hosts: ['gmail.com'], turns: { 'gmail.com': 0 } },
    { vmta: '', hosts: ['gmail.com'], turns: { 'gmail.com': 2 } },
  ];
  for (const { vmta, hosts, turns } of table) {
    assert.deepEqual(await notesOf(plugin, vmta === '' ? '' : `${vmta}\n`, hosts), {
      windtunnel: { vmta, turns },
    });
  }
  assert.deepEqual(warnings, []);
  await notesOf(plugin, 'nobody\n', ['gmail.com']);
  assert.deepEqual(warnings, ['no virtual MTA is named nobody: all sources take turns']);
});

test('in a seal MX addresses come from DNS, bound to a source of their family', async (t) => {
  t.after(() => mock.restoreAll());
  const table: { name: string; vmta: string; turn: number; found: Mx[] | Error; expect: unknown[] }[] = [
    {
      name: 'the first source',
      vmta: '',
      turn: 0,
      found: [V6, V4],
      expect: [code.ok, [{ ...V4, bind: A.address, bind_helo: A.helo }]],
    },
    {
      name: 'the second, IPv6',
      vmta: '',
      turn: 1,
      found: [V6, V4],
      expect: [code.ok, [{ ...V6, bind: SIX.address, bind_helo: SIX.helo }]],
    },
    {
      name: 'the one named by the message',
      vmta: 'six',
      turn: 0,
      found: [V6, V4],
      expect: [code.ok, [{ ...V6, bind: SIX.address, bind_helo: SIX.helo }]],
    },
    { name: 'the one named cannot reach it', vmta: 'six', turn: 0, found: [V4], expect: [code.ok, []] },
    {
      name: 'an unknown one',
      vmta: 'nobody',
      turn: 0,
      found: [V4],
      expect: [code.ok, [{ ...V4, bind: A.address, bind_helo: A.helo }]],
    },
    {
      name: 'null MX: Haraka bounces it',
      vmta: '',
      turn: 0,
      found: [{ exchange: '', priority: 0 }],
      expect: [code.cont],
    },
    { name: 'nothing found: Haraka bounces it', vmta: '', turn: 0, found: [], expect: [code.cont] },
    {
      name: 'DNS fails: Haraka defers it',
      vmta: '',
      turn: 0,
      found: new Error('ETIMEOUT'),
      expect: [code.cont],
    },
  ];
  for (const { name, vmta, turn, found, expect } of table) {
    mock.method(netUtils, 'get_mx', async () => {
      if (found instanceof Error) throw found;
      return found;
    });
    mock.method(netUtils, 'resolve_mx_hosts', async (exchanges: Mx[]) => exchanges);
    const { plugin } = pluginWith({ sources: [A, SIX] });
    const notes = { windtunnel: { vmta, turns: { 'gmail.com': turn } } };
    assert.deepEqual(
      await answer((next) => plugin.mx_from_dns(next, hmail(notes), 'gmail.com')),
      expect,
      name,
    );
  }
});

test('without a seal only routes count, and DNS is never asked', async () => {
  const routes = { 'gmail.com': { address: '127.0.0.1', port: 2601 } };
  const local = source('127.0.0.2', 'local');
  const { plugin } = pluginWith({ sources: [local], routes });
  const notes = { windtunnel: { vmta: '', turns: {} } };
  const bound = { priority: 0, exchange: '127.0.0.1', port: 2601, bind: '127.0.0.2', bind_helo: local.helo };
  assert.deepEqual(await answer((next) => plugin.mx_from_routes(next, hmail(notes), 'Gmail.com')), [
    code.ok,
    [bound],
  ]);
  assert.deepEqual(await answer((next) => plugin.mx_from_routes(next, hmail(notes), 'elsewhere.test')), [
    code.deny,
    'no route without a seal',
  ]);
});

test('short waits are given by number of failures', async () => {
  const waits = [
    { seconds: 1, times: 1 },
    { seconds: 5, times: 2 },
    { seconds: 15, times: 3 },
  ];
  const { plugin } = pluginWith({ sources: [A], waits });
  const table: [failures: number, expect: unknown[]][] = [
    [1, [code.denysoft, 1]],
    [2, [code.denysoft, 5]],
    [3, [code.denysoft, 5]],
    [4, [code.denysoft, 15]],
    [6, [code.denysoft, 15]],
    [7, [code.cont]],
  ];
  for (const [num_failures, expect] of table) {
    assert.deepEqual(await answer((next) => plugin.wait(next, { num_failures })), expect);
  }
});
