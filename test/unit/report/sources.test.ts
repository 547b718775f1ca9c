import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpreadPlan } from '../../../src/analysis/spread.ts';
import { Aggregate } from '../../../src/record/aggregate.ts';
import { NONE16, Packer } from '../../../src/record/attempt-log.ts';
import type { ReportInput } from '../../../src/report/input.ts';
import { sourcesSummary } from '../../../src/report/sources.ts';

const plan: SpreadPlan = {
  vmtas: [
    { name: 'four', sources: [0] },
    { name: 'both', sources: [1, 2] },
    { name: 'idle', sources: [3] },
  ],
  asks: [
    { name: 'four', members: [{ vmta: 0, weight: 1 }] },
    { name: 'idle', members: [{ vmta: 2, weight: 1 }] },
  ],
  loads: [[0, 0, 0, 1]],
  reach: [[true, true, true, false]],
};

/** A run of 40 messages, each fourth of which asks for what can't reach the ISP. */
function summary(tried: readonly (readonly [message: number, source: number])[], spread = plan) {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages: 40,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ispOf: () => 0,
      },
    ],
    vmtas: [0, 1, 1, 3],
    phaseOf: () => undefined,
  });
  const packer = new Packer();
  const injected = { due: 0, sentAfter: 0, doneAfter: 1, connection: 1, code: 250, recipients: 1 } as const;
  for (let message = 0; message < 40; message++)
    packer.injection({ ...injected, message, state: 'confirmed' });
  packer.connectionOpened({ at: 5, isp: 0, source: 0, connection: 1, reply: NONE16 });
  const attempt = { isp: 0, slot: 0, connection: 1, reply: 0, stage: 'dot' } as const;
  tried.forEach(([message, source], at) => {
    packer.attempt({ ...attempt, at, message, source, outcome: source === 0 ? 'accepted' : 'throttled' });
  });
  aggregate.add(packer.take() as Uint8Array);
  const input = {
    isps: [{ id: 'gmail', name: 'Gmail' }],
    sources: ['198.18.128.1', '198.18.128.2', '2001:2:0:1::2', '2001:2:0:1::3'],
    spread,
  } as unknown as ReportInput;
  return sourcesSummary(aggregate, input, { queueListed: true, sendsDsn: true });
}

const asAsked = Array.from({ length: 40 }, (_, message) => [message, 0] as const).filter(
  ([m]) => m % 4 !== 3,
);

test('what left as asked for, by virtual MTA and address', () => {
  const found = summary(asAsked, { ...plan, asks: plan.asks.slice(0, 1), loads: [[0]] });
  assert.deepEqual(found, {
    findings: [],
    isps: [
      {
        isp: 'gmail',
        firstAttempts: 30,
        elsewhere: 0,
        foreignAttempts: 0,
        retries: 0,
        retriesFromOtherSource: 0,
        retriesFromOtherVmta: 0,
        vmtas: [
          {
            vmta: 'four',
            reaches: true,
            askedShare: 1,
            share: 1,
            chance: [1, 1],
            off: false,
            sources: [
              {
                source: '198.18.128.1',
                reaches: true,
                share: 1,
                attempts: 30,
                accepted: 30,
                throttled: 0,
                deferred: 0,
                rejected: 0,
                connectionsOpened: 1,
              },
            ],
          },
        ],
        unreachable: [],
      },
    ],
  });
});

test('all that is not as asked for, a sentence each', () => {
  const found = summary([
    ...asAsked.map(([message], i) => [message, i < 6 ? 1 : i === 6 ? NONE16 : 0] as const),
    // Retries: from another address of the virtual MTA, and from another one.
    [0, 2],
    [1, 0],
  ]);
  assert.deepEqual(found?.findings, [
    "gmail: 10 recipients asked for idle, from which the ISP can't be reached: 10 lost.",
    'gmail: 1 attempt came from addresses that no virtual MTA has.',
    'gmail: 7 of 30 recipients were first tried from a virtual MTA that the message did not ask for.',
    'gmail: four sent 76.7% of the first attempts, and 100% were asked for (chance explains nothing else); 1 more is off.',
    'gmail: 1 of 2 retries left from another virtual MTA than the first attempt.',
  ]);
  const [gmail] = found?.isps ?? [];
  assert.equal(gmail?.retriesFromOtherSource, 2);
  assert.deepEqual(
    gmail?.vmtas.map(({ vmta, share, off }) => [vmta, share, off]),
    [
      ['four', 23 / 30, true],
      ['both', 6 / 30, true],
    ],
  );
});

test('without an MTA nothing is asked', () => {
  assert.equal(
    sourcesSummary(new Aggregate({ loads: [], phaseOf: () => undefined }), {} as ReportInput, {
      queueListed: true,
      sendsDsn: true,
    }),
    null,
  );
});
