import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleepMs } from '../../src/core/clock.ts';
import { isRoot } from '../../src/core/process.ts';
import type { MtaEvent } from '../../src/mta/adapter.ts';
import { postfix } from '../../src/mta/postfix/adapter.ts';
import { type InteropLab, openInteropLab } from '../support/interop-lab.ts';
import { lacking } from '../support/skip.ts';

async function openLab(t: TestContext, scenario: string): Promise<InteropLab | undefined> {
  if (isRoot()) return openInteropLab(t, scenario, ['postfix']);
  lacking(t, 'root, since Postfix switches users');
  return undefined;
}

async function untilEmpty({ mta }: InteropLab): Promise<void> {
  for (let empty = 0; empty < 2; ) {
    empty = (await mta.queueDepth()) === 0 ? empty + 1 : 0;
    await sleepMs(50);
  }
}

async function eventsOf({ folder }: InteropLab): Promise<MtaEvent[]> {
  const events: MtaEvent[] = [];
  for await (const event of postfix.events?.(join(folder, 'mta')) ?? []) events.push(event);
  return events;
}

const EASY =
  'limits: unlimited, penalties: off, reputation: off, mailboxes: { unknown: 0, full: 0, disabled: 0 }';

test('virtual MTAs send from their sources, by header, pool and weight', async (t) => {
  const lab = await openLab(
    t,
    `
mta:
  adapter: postfix
  sources:
    - { ip: 198.18.128.1, vmta: dual, helo: out1.news.sender.test }
    - { ip: "2001:2:0:1::1", vmta: dual, helo: out1.news.sender.test }
    - { ip: 198.18.128.2, vmta: four }
    - { ip: "2001:2:0:1::3", vmta: six }
    - { ip: 198.18.128.4, vmta: Four }
  pools: { mixed: { dual: 3, four: 1 }, only: [six] }
  pool: mixed
isps: { gmail: { share: 50%, ${EASY} }, yahoo: { share: 50%, ${EASY} } }
load: { rate: 1/s, duration: 1s }
`,
  );
  if (!lab) return;
  await lab.mta.start();
  const domains = ['gmail.com', 'yahoo.com'];
  const rows = [
    { first: 0, messages: 400 },
    { first: 1000, messages: 20, vmta: 'four' },
    { first: 2000, messages: 20, vmta: 'Four' },
    { first: 3000, messages: 20, vmta: 'only' },
    { first: 4000, messages: 20, vmta: 'nobody' },
    { first: 5000, messages: 20, vmta: 'dual' },
  ];
  for (const row of rows) {
    const taken = await lab.inject({ ...row, connections: 5, domains });
    assert.equal(taken.length, row.messages);
  }
  await untilEmpty(lab);
  await lab.mta.stop();
  const { isps } = await lab.observe();
  console.log(isps.gmail?.attempts.length, isps.yahoo?.attempts.length);
  const count = (list: string[]) =>
    Object.fromEntries([...new Set(list)].sort().map((k) => [k, list.filter((x) => x === k).length]));
  for (const row of rows)
    for (const id of ['gmail', 'yahoo'])
      console.log(
        row,
        id,
        count(
          (isps[id]?.attempts ?? [])
            .filter(({ sender }) => {
              const n = Number(/b-(\d+)@/.exec(sender)?.[1]);
              return n >= row.first && n < row.first + 1000;
            })
            .map(({ source }) => source),
        ),
      );
  const ev = await eventsOf(lab);
  console.log(ev.length, ev[0], ev.at(-1), count(ev.map((e) => `${e.kind} ${e.source} ${e.code}`)));
});

test('what Postfix confirmed before it was killed is delivered after its restart', async (t) => {
  const lab = await openLab(
    t,
    `
mta: { adapter: postfix, sources: [198.18.128.1], retry: [1s], concurrency: 10 }
isps: { gmail: { share: 100%, latency: { dot: 200ms }, ${EASY} } }
load: { rate: 1/s, duration: 1s }
`,
  );
  if (!lab) return;
  await lab.mta.start();
  const injection = lab.inject({ first: 0, messages: 5000, connections: 20, domains: ['gmail.com'] });
  const mail = async () => (await lab.observe()).isps.gmail?.attempts.length ?? 0;
  while ((await mail()) < 20) await sleepMs(20);
  await lab.mta.kill();
  const taken = await injection;
  const listed = await lab.mta.listQueue();
  const before = await mail();
  console.log('taken', taken.length, 'listed', listed?.length, 'delivered', before);
  await lab.mta.restart();
  await untilEmpty(lab);
  await lab.mta.stop();
  const { isps } = await lab.observe();
  const all = (isps.gmail?.attempts ?? []).map(({ recipient }) => recipient);
  const got = new Set(all);
  console.log('got', got.size, all.length);
  assert.deepEqual(
    taken.filter((number) => !got.has(`u${number}.0@gmail.com`)),
    [],
  );
  void readFileSync;
});
