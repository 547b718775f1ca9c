/** What our driver is asked to do in the benches. */
import type { DriverPlan } from '../../src/driver/driver.ts';
import { type LoadPlan, plainLoad } from '../../src/driver/load.ts';

/** A flood of so many messages, as fast as they are taken. */
export interface Flood {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  /** Size of a message, its header included. */
  readonly bytes: number;
  /** Many messages on a connection, or one. */
  readonly keep: boolean;
  /** Send the next envelope right behind a message. Default: yes. */
  readonly ahead?: boolean;
  readonly tls?: LoadPlan['tls'];
  /** Domain of the recipients. Default: gmail.com. */
  readonly domain?: string;
}

/** A longer one would never end within a bench. */
const MOST_MICROS = 120e6;

/** Numbers go on from flood to flood: no message is sent twice. */
let nextMessage = 0;

/** The plan of a flood. */
export function floodPlan({
  port,
  connections,
  messages,
  bytes,
  keep,
  ahead,
  tls,
  domain,
}: Flood): DriverPlan {
  const load = plainLoad(
    { executor: 'shared-iterations', vus: connections, iterations: messages, maxDuration: MOST_MICROS },
    messages,
    {
      domain: domain ?? 'gmail.com',
      bytes,
      connections,
      messagesPerConnection: keep ? undefined : 1,
      tls: tls ?? 'none',
    },
  );
  const plan = planOf(port, {
    ...load,
    recipients: { ...load.recipients, firstMessage: nextMessage, firstMailbox: nextMessage },
  });
  nextMessage += messages;
  return { ...plan, pipelineAcrossMessages: ahead ?? true };
}

/** A session that waits longer for the answer to a NOOP is given up, and counted as failed. */
export const NOOP_TIMEOUT_SECONDS = 10;

/** The plan of sessions that are held open and say NOOP every `pauseSeconds`, until the driver is stopped. */
export function holdPlan(
  port: number,
  sessions: number,
  pauseSeconds: number,
  tls: LoadPlan['tls'],
): DriverPlan {
  const shape = { executor: 'constant-vus', vus: sessions, duration: 600e6 } as const;
  return planOf(
    port,
    plainLoad(shape, sessions, {
      action: 'noop',
      pause: pauseSeconds * 1e6,
      connections: sessions,
      timeoutMs: NOOP_TIMEOUT_SECONDS * 1000,
      tls,
    }),
  );
}

function planOf(port: number, load: LoadPlan): DriverPlan {
  return {
    seed: 1,
    loads: [load],
    stamp: { date: '2026-11-23T10:00:00.000Z', keys: [] },
    helo: 'out1.sender.test',
    targets: [{ endpoints: [{ address: '127.0.0.1', port }] }],
    targetPer: 'run',
    pipelineAcrossMessages: true,
    share: { worker: 0, of: 1 },
  };
}
