/** Whether the driver measures what is true: stalls in full, the rate that was asked for, and percentiles as promised. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, monotonicMicros, realClock } from '../../src/core/clock.ts';
import { createPrng } from '../../src/core/prng.ts';
import { loopbackOnly } from '../../src/core/proof.ts';
import { startDriver } from '../../src/driver/driver.ts';
import { Aggregate } from '../../src/record/aggregate.ts';
import { Kind, Packer, RecordView } from '../../src/record/attempt-log.ts';
import { merge } from '../../src/record/histograms.ts';
import { planFor, serve } from '../support/scripted-server.ts';

/** Adds up records as a run does. */
function aggregateOf(records: Uint8Array, messages: number): Aggregate {
  const aggregate = new Aggregate({
    loads: [
      {
        name: 'default',
        firstMessage: 0,
        messages,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ispOf: () => 0,
      },
    ],
    phaseOf: (at) => (at < 1e6 ? 'warmup' : 'baseline'),
  });
  aggregate.add(records);
  return aggregate;
}

const durations = (aggregate: Aggregate) =>
  merge([...(aggregate.injections[0]?.values() ?? [])].map((c) => c.duration));
const serviceTimes = (aggregate: Aggregate) =>
  merge([...(aggregate.injections[0]?.values() ?? [])].map((c) => c.serviceTime));

test('a server that stalls for a second at 100 messages a second shows in the 99th percentile', async (t) => {
  let stalled = false;
  let held: (() => void)[] | undefined;
  const { port } = await serve(t, {
    pipelining: false,
    later: (say) => {
      if (!stalled) {
        stalled = true;
        held = [];
        after(1000, () => {
          for (const go of held ?? []) go();
          held = undefined;
        });
      }
      if (held) held.push(say);
      else say();
    },
  });
  const packer = new Packer();
  const messages = 300;
  const plan = planFor(port, {
    load: {
      shape: { executor: 'constant-arrival-rate', rate: 100, duration: 3e6 },
      messages,
      // One connection: while it waits, nothing else is sent, which a closed loop would not even notice.
      connections: 1,
    },
  });
  const driver = await startDriver(plan, realClock(monotonicMicros()), packer, loopbackOnly());
  await driver.finished;
  assert.equal(driver.counters().confirmed, messages);
  const aggregate = aggregateOf(packer.take() as Uint8Array, messages);
  // Of 300 messages about 100 fell due in the stall and waited for 1000, 990, 980 … ms: the worst three are the last
  // percent. From the first byte on hardly one of them took any time.
  const p99 = durations(aggregate).histogram.getValueAtPercentile(99);
  assert.ok(p99 >= 960e3, `p99 is ${p99 / 1e3} ms`);
  const service = serviceTimes(aggregate).histogram;
  assert.ok(service.getValueAtPercentile(50) < p99 / 4, 'the time from the first byte hides it');
});

test('the arrival rate is within 1 % of what was asked', async (t) => {
  const { port } = await serve(t, {});
  const packer = new Packer();
  const rate = 400;
  const plan = planFor(port, {
    load: {
      shape: { executor: 'constant-arrival-rate', rate, duration: 3e6 },
      messages: 1200,
      connections: 10,
    },
  });
  const driver = await startDriver(plan, realClock(monotonicMicros()), packer, loopbackOnly());
  await driver.finished;
  const view = new RecordView(packer.take() as Uint8Array);
  const sent: number[] = [];
  for (view.index = 0; view.index < view.count; view.index++)
    if (view.kind === Kind.injection) sent.push(view.at + view.sentAfter);
  assert.equal(sent.length, 1200);
  // By how much time each half lags behind an ideal sender, in its median, so that one late moment of a busy machine does
  // not decide. A rate that was 1 % off would drift by 1 % of the time between the two.
  sent.sort((a, b) => a - b);
  const lag = sent.map((time, index) => time - (index * 1e6) / rate);
  const half = lag.length / 2;
  const drift = median(lag.slice(half)) - median(lag.slice(0, half));
  const between = (half * 1e6) / rate;
  assert.ok(Math.abs(drift) <= between * 0.01, `${drift} µs in ${between}`);
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

test("a known distribution comes out within the histograms' promised error", () => {
  const random = createPrng(7).stream('latencies');
  const messages = 50_000;
  // Exponential with a mean of 80 ms, over two phases and in the batches of three workers.
  const latencies = Array.from({ length: messages }, () =>
    Math.max(1, Math.round(-80e3 * Math.log(1 - random()))),
  );
  const packers = [new Packer(), new Packer(), new Packer()];
  for (const [message, doneAfter] of latencies.entries()) {
    packers[message % 3]?.injection({
      due: message * 40,
      sentAfter: 0,
      doneAfter,
      message,
      connection: 1,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
  }
  const aggregate = aggregateOf(packers[0]?.take() as Uint8Array, messages);
  for (const packer of packers.slice(1)) aggregate.add(packer.take() as Uint8Array);
  const { histogram, clamped } = durations(aggregate);
  assert.deepEqual([histogram.totalCount, clamped], [messages, 0]);
  latencies.sort((a, b) => a - b);
  for (const p of [1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]) {
    const exact = latencies[Math.max(0, Math.round((p / 100) * messages) - 1)] as number;
    const told = histogram.getValueAtPercentile(p);
    // Three significant digits: a bucket is at most a thousandth of its value wide, one unit at the least.
    assert.ok(Math.abs(told - exact) <= Math.max(1, exact / 1000), `p${p} is ${told}, should be ${exact}`);
  }
});
