/**
 * What a message costs an ISP's process, with each engine: the driver floods one that takes everything, full policy and
 * records included, and the CPU time of its process is divided by the messages. `node …/engines.bench.js [rate] [seconds]`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadProfile } from '../../fakes/isp/profile.ts';
import { ENGINES, type EngineName } from '../../fakes/isp/protocol.ts';
import { resolveIsp } from '../../fakes/isp/resolve.ts';
import { startSink } from '../../fakes/isp/sink.ts';
import { monotonicMicros, realClock } from '../../src/core/clock.ts';
import { createPrng } from '../../src/core/prng.ts';
import { loopbackOnly } from '../../src/core/proof.ts';
import { startDriver } from '../../src/driver/driver.ts';
import { plainLoad } from '../../src/driver/load.ts';
import { Packer } from '../../src/record/attempt-log.ts';
import { STAMP } from '../support/message-plan.ts';

const ISPS = ['gmail', 'yahoo', 'outlook'] as const;
const BYTES = [2_000, 20_000] as const;

if (process.send) await serve(process.argv[2] as string, process.argv[3] as EngineName);
else await measureAll(Number(process.argv[2] ?? 4000), Number(process.argv[3] ?? 4));

/** The ISP's process: says its port, and its CPU time when it is asked. */
async function serve(name: string, engine: EngineName): Promise<void> {
  const profile = loadProfile(name);
  const limits = Object.fromEntries(
    Object.entries(profile.limits).map(([limit, { kind }]) => [
      limit,
      kind === 'bucket' ? { rate: '1000000/s', burst: 1e9 } : 1e9,
    ]),
  );
  const isp = resolveIsp(profile, { scale: 1, overrides: { limits } });
  const events = new Packer();
  const clock = realClock(monotonicMicros());
  const sink = await startSink({
    isp: { ...isp, engine },
    listen: [{ address: '127.0.0.1', port: 0 }],
    clock,
    prng: createPrng(1),
    sourceOf: () => 0,
    observer: {
      connectionOpened: () => {},
      connectionClosed: () => {},
      transaction: () => {},
      attempt: ({ at, source, connection, stage, outcome }) =>
        events.attempt({
          at,
          isp: 0,
          source,
          connection,
          message: 0,
          slot: 0,
          reply: 0,
          stage,
          outcome,
          mismatched: false,
        }),
    },
  });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    events.take();
    process.send?.({ cpu: user + system });
  });
  process.send?.({ port: sink.addresses[0]?.port });
}

async function measureAll(rate: number, seconds: number): Promise<void> {
  console.log(`${rate}/s for ${seconds} s, 20 connections; CPU of the ISP's process in µs a message`);
  for (const isp of ISPS)
    for (const bytes of BYTES)
      for (const engine of ENGINES) {
        const { micros, messages } = await measure(isp, engine, bytes, rate, seconds);
        console.log(
          `${isp.padEnd(8)} ${engine.padEnd(12)} ${String(bytes).padStart(6)} bytes ${micros.toFixed(1).padStart(7)}  (${messages} messages)`,
        );
      }
}

async function measure(isp: string, engine: EngineName, bytes: number, rate: number, seconds: number) {
  const server = fork(fileURLToPath(import.meta.url), [isp, engine]);
  const ask = async <T>(): Promise<T> => (await once(server, 'message'))[0] as T;
  const { port } = await ask<{ port: number }>();
  const flood = async (perSecond: number, duration: number): Promise<number> => {
    const packer = new Packer();
    const driver = await startDriver(
      {
        seed: 1,
        loads: [
          plainLoad(
            { executor: 'constant-arrival-rate', rate: perSecond, duration: duration * 1e6 },
            perSecond * duration,
            { domain: `${isp}.com`, bytes },
          ),
        ],
        stamp: STAMP,
        helo: 'out1.sender.test',
        targets: [{ endpoints: [{ address: '127.0.0.1', port }] }],
        targetPer: 'run',
        pipelineAcrossMessages: true,
        share: { worker: 0, of: 1 },
      },
      realClock(monotonicMicros()),
      packer,
      loopbackOnly(),
    );
    await driver.finished;
    const { confirmed, failed } = driver.counters();
    return confirmed + failed;
  };
  // Until it is compiled.
  await flood(rate / 2, 1.5);
  server.send('cpu');
  const { cpu: before } = await ask<{ cpu: number }>();
  const messages = await flood(rate, seconds);
  server.send('cpu');
  const { cpu: after } = await ask<{ cpu: number }>();
  server.kill();
  return { micros: (after - before) / messages, messages };
}
