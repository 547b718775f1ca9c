import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { after, monotonicMicros, sleepMs } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { HTTP_APIS } from '../../core/http-injection.ts';
import { requireTarget } from '../../core/proof.ts';
import type { ExternalMta, MtaAdapter, MtaHost, MtaPlan, MtaProcess, RunningMta } from '../adapter.ts';
import { stopProgram, untilReady } from '../ready.ts';
import { openLogs } from './logs.ts';

/** Once asked to end. */
const STOP_MS = 15_000;

/** The queue command is not run more often. */
const COUNT_MICROS = 500_000;

/** What is the same, started in the seal or found outside. */
interface Parts {
  readonly plan: MtaPlan;
  readonly external: ExternalMta;
  readonly host: MtaHost;
}

/** Any MTA that its user configures: windtunnel starts it in the seal, or finds it on this machine, and floods it. */
export const external: MtaAdapter = {
  name: 'external',
  capabilities: {
    // With a command that counts it; and nobody but the MTA knows what is in it.
    queue: 'count',
    dsn: 'configurable',
    needs: 'any',
    queueFolder: undefined,
    // Whether it does them is up to its configuration.
    submission: {
      tls: ['starttls'],
      auth: ['plain', 'login', 'cram-md5'],
      authInClear: 'anybody',
      http: HTTP_APIS,
    },
    noSeal: {
      works: false,
      reason:
        'with its own configuration it would send to the real ISPs; start it yourself with all domains routed to windtunnel, and leave mta.external.start out',
    },
    timers: [],
  },
  version: async () => 'as its user runs it',
  config: () => [],
  async start(plan, host) {
    const parts = { plan, external: ownOf(plan), host };
    const { submission, http } = parts.external;
    for (const door of [submission, http]) if (door) requireTarget(host.proof, door.address);
    return parts.external.start ? startHere(parts, parts.external.start) : find(parts);
  },
};

function ownOf({ external: own }: MtaPlan): ExternalMta {
  if (own) return own;
  throw new HarnessError('usage', 'mta.external is missing', {
    hint: 'say how the MTA is started, or found',
  });
}

/** Runs the user's command on the MTA's machine. */
async function startHere(parts: Parts, command: readonly string[]): Promise<RunningMta> {
  const { plan, external: own, host } = parts;
  if (host.proof.lab !== 'sealed')
    throw new HarnessError('usage', `${command[0]} would send to the real ISPs`, {
      hint: 'run it in a seal',
    });
  await mkdir(plan.folder, { recursive: true });
  const logs = await openLogs(own.logs, plan.folder);
  const name = basename(command[0] ?? '');
  let down = false;
  const launch = async (): Promise<MtaProcess> => {
    const logFile = join(plan.folder, 'external.log');
    const options = { name, cwd: own.cwd, env: environmentOf(plan), logFile };
    const program = host.spawn(command, options);
    const ports = [own.submission, own.http].flatMap((door) => door?.port ?? []);
    try {
      await untilReady({ name, host, program, ports, logFile, deadlineMs: own.readyWithin / 1000 });
    } catch (error) {
      throw explained(error, name, logFile);
    }
    down = false;
    program.exited.then(() => {
      down = true;
    });
    return program;
  };
  let program = await launch();
  return {
    ...common(parts),
    async restart() {
      program = await launch();
    },
    async stop() {
      if (own.stop && !down) {
        const cancel = after(STOP_MS, () => void program.kill());
        // A command that fails is as good as none: the deadline holds all the same.
        await host.run(own.stop, { cwd: own.cwd, env: environmentOf(plan), timeoutMs: STOP_MS });
        await program.exited;
        cancel();
      } else await stopProgram(program, 'SIGTERM', STOP_MS);
      await logs.keep();
    },
  };
}

/** Commands may put their files where the run keeps the MTA's. */
function environmentOf({ folder }: MtaPlan): Readonly<Record<string, string>> {
  return { WINDTUNNEL_FOLDER: folder };
}

/** What people most often have wrong, in place of advice for MTAs that windtunnel configures. */
function explained(error: unknown, name: string, logFile: string): unknown {
  if (!(error instanceof HarnessError)) return error;
  const { message, kind } = error;
  const lines = `the lines are the end of ${logFile}`;
  const why = message.includes('ended with exit code 127\n')
    ? `there is no ${name} in the path, or it lacks something; `
    : message.includes('ended with exit code 0\n')
      ? `${name} must stay in the foreground, as long as the MTA runs; `
      : '';
  return new HarnessError(kind, message, { hint: `${why}${lines}` });
}

/** Waits until the MTA that the user runs outside of any seal takes mail. */
async function find(parts: Parts): Promise<RunningMta> {
  const { plan, external: own } = parts;
  await mkdir(plan.folder, { recursive: true });
  const logs = await openLogs(own.logs, plan.folder);
  await untilReachable(own);
  return {
    ...common(parts),
    restart: () => untilReachable(own),
    // It is the user's to stop.
    stop: () => logs.keep(),
  };
}

function common({
  plan,
  external: own,
  host,
}: Parts): Pick<RunningMta, 'submission' | 'http' | 'queueDepth' | 'listQueue'> {
  const { queue, submission, http, cwd } = own;
  let next = 0;
  return {
    submission: submission ? [{ ...submission, implicitTls: false }] : [],
    ...(http && { http: [http] }),
    async queueDepth() {
      if (!queue) return undefined;
      const now = monotonicMicros();
      const at = Math.max(now, next);
      next = at + COUNT_MICROS;
      await sleepMs((at - now) / 1000);
      const { code, stdout } = await host.run(queue, { cwd, env: environmentOf(plan) });
      return code === 0 ? countIn(stdout) : undefined;
    },
    listQueue: async () => undefined,
  };
}

/** The first whole number that a command printed. */
function countIn(text: string): number | undefined {
  const [number] = /\d+/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}

/**
 * Waits until an SMTP server greets (RFC 5321 section 4.3.1) where mail is to come by SMTP, and something takes connections
 * where it is to come over HTTP.
 */
async function untilReachable({ submission, http, readyWithin }: ExternalMta): Promise<void> {
  const doors = [
    ...(submission
      ? [{ ...submission, what: 'no mail server greets', key: 'submission', greets: true }]
      : []),
    ...(http ? [{ ...http, what: 'nothing listens', key: 'http', greets: false }] : []),
  ];
  const deadline = monotonicMicros() + readyWithin;
  for (const { address, port, what, key, greets } of doors) {
    while (!(await reachable(address, port, greets))) {
      if (monotonicMicros() > deadline) {
        throw new HarnessError('lab', `${what} at ${address} port ${port}`, {
          hint: `start your MTA, let it listen there (mta.external.${key}), and run this again`,
        });
      }
      await sleepMs(100);
    }
  }
}

/** Whether something listens there; and greets, if it is to. */
function reachable(address: string, port: number, greets: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 2000 });
    const done = (answer: boolean): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setEncoding('utf8');
    socket.once('data', (text: string) => {
      resolve(text.startsWith('220'));
      socket.end('QUIT\r\n');
    });
    if (!greets) socket.once('connect', () => done(true));
    socket.on('error', () => done(false));
    socket.on('timeout', () => done(false));
    socket.on('close', () => done(false));
  });
}
