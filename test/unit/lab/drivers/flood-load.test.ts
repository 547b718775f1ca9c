import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadShape } from '../../../../src/driver/schedule.ts';
import { type FloodLoad, floodLoad, MOST } from '../../../../src/lab/drivers/flood-load.ts';

const wish: FloodLoad = {
  action: 'message',
  connections: 20,
  rate: undefined,
  duration: undefined,
  messages: undefined,
  messagesPerConnection: 1,
  pause: 0,
  retry: undefined,
  timeout: 60e6,
  size: { min: 2000, max: 60_000 },
  recipients: 3,
  senderDomain: 'a.test',
  recipientDomain: 'b.test',
  tls: 'starttls',
  auth: undefined,
  sources: ['127.0.0.2'],
};

test('how fast and how long: one of three executors, always with an end', () => {
  const rows: readonly (readonly [Partial<FloodLoad>, LoadShape])[] = [
    [
      { messages: 1000 },
      { executor: 'shared-iterations', vus: 20, iterations: 1000, maxDuration: MOST.duration },
    ],
    [{ messages: 5 }, { executor: 'shared-iterations', vus: 5, iterations: 5, maxDuration: MOST.duration }],
    [
      { messages: 1000, duration: 3e6 },
      { executor: 'shared-iterations', vus: 20, iterations: 1000, maxDuration: 3e6 },
    ],
    [{ duration: 3e6 }, { executor: 'constant-vus', vus: 20, duration: 3e6 }],
    [
      { rate: 50, duration: 3e6 },
      { executor: 'constant-arrival-rate', rate: 50, duration: 3e6 },
    ],
    [
      { rate: 50, messages: 100 },
      { executor: 'constant-arrival-rate', rate: 50, duration: 2e6 },
    ],
    [
      { rate: 50, messages: 100, duration: 1e6 },
      { executor: 'constant-arrival-rate', rate: 50, duration: 1e6 },
    ],
  ];
  for (const [changes, shape] of rows) assert.deepEqual(floodLoad({ ...wish, ...changes }).shape, shape);
});

test('everything else that is wished for reaches the driver', () => {
  const { connections, messages, messagesPerConnection, tls, sources, timeoutMs, recipients, message } =
    floodLoad({ ...wish, duration: 1e6 });
  assert.deepEqual(
    { connections, messages, messagesPerConnection, tls, sources, timeoutMs },
    {
      connections: 20,
      messages: MOST.messages,
      messagesPerConnection: 1,
      tls: 'starttls',
      sources: ['127.0.0.2'],
      timeoutMs: 60_000,
    },
  );
  assert.deepEqual([recipients.perMessage, message.recipients], [3, 3]);
  assert.deepEqual(recipients.isps, [{ share: 1, domains: [{ name: 'b.test', weight: 1 }] }]);
  assert.deepEqual(message.senders, [{ domain: 'a.test', signed: false }]);
  assert.deepEqual(message.size, { kind: 'uniform', min: 2000, max: 60_000 });
});
