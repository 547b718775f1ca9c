import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { after, sleepMs } from '../core/clock.ts';
import { HarnessError } from '../core/errors.ts';
import type { HttpApi } from '../core/http-injection.ts';
import type { MtaHost, MtaProcess, RunningMta, SubmissionEndpoint, SubmissionPlan } from './adapter.ts';

/** A look at the kernel's table of sockets costs ten milliseconds of a core, which the MTA needs for its start. */
const POLL_MS = 100;

/** A port that nothing listens on now at local addresses. */
export function freePort(addresses: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    // What is free on all addresses of both families is free on each.
    server.listen(0, addresses.length === 1 ? addresses[0] : '::', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The submission with free ports where the plan leaves them open. */
export async function withPorts(submission: SubmissionPlan): Promise<SubmissionPlan> {
  const { addresses, port, tlsPort, http } = submission;
  return {
    ...submission,
    port: port || (await freePort(addresses)),
    tlsPort: tlsPort === 0 ? await freePort(addresses) : tlsPort,
    ...(http && { http: { ...http, port: http.port || (await freePort(addresses)) } }),
  };
}

/** Where the driver finds an MTA that listens as planned: every address, with and without TLS from the first byte. */
export function endpointsOf({ addresses, port, tlsPort }: SubmissionPlan): SubmissionEndpoint[] {
  return addresses.flatMap((address) => [
    { address, port, implicitTls: false },
    ...(tlsPort === undefined ? [] : [{ address, port: tlsPort, implicitTls: true }]),
  ]);
}

/**
 * Where k6 finds an MTA that listens as planned, by form.
 * @param keyed the forms in which it wants a key
 */
export function httpEndpoints(
  { addresses, http }: SubmissionPlan,
  keyed: readonly HttpApi[],
): Pick<RunningMta, 'http'> {
  const [address] = addresses;
  if (!http || address === undefined) return {};
  const { port, apis, key } = http;
  return { http: apis.map((api) => ({ address, port, api, ...(keyed.includes(api) && { key }) })) };
}

/**
 * Waits until an MTA listens on its ports.
 * @param listens what the MTA itself says of it, asked besides, if it says so
 * @throws HarnessError of kind `lab` with the end of the log, if it ends before or takes too long; it is killed then
 */
export async function untilReady(options: {
  readonly name: string;
  readonly host: MtaHost;
  readonly program: MtaProcess;
  readonly ports: readonly number[];
  readonly logFile: string;
  readonly deadlineMs: number;
  readonly listens?: () => Promise<boolean>;
}): Promise<void> {
  const { name, host, program, ports, logFile, deadlineMs, listens } = options;
  let trouble: string | undefined;
  const cancel = after(deadlineMs, () => {
    trouble ??= `${name} did not listen on port ${ports.join(' and ')}`;
  });
  program.exited.then((sentence) => {
    trouble ??= sentence;
  });
  try {
    while (trouble === undefined) {
      const open = await host.listening(ports);
      if (open.length === ports.length && ((await listens?.()) ?? true)) return;
      await sleepMs(POLL_MS);
    }
  } finally {
    cancel();
  }
  await program.kill();
  throw new HarnessError('lab', `${trouble}\n${await lastLines(logFile, 15)}`, {
    hint: `the lines are the end of ${logFile}; the configuration is beside it`,
  });
}

/** Asks a program to end, and ends it by force after a deadline. Resolves when all that it started is gone. */
export async function stopProgram(
  program: MtaProcess,
  signal: 'SIGTERM' | 'SIGINT',
  deadlineMs: number,
): Promise<void> {
  program.signal(signal);
  const cancel = after(deadlineMs, () => void program.kill());
  await program.exited;
  cancel();
}

/** The last lines of a log that are not empty; '' if there is none. */
export async function lastLines(logFile: string, count: number): Promise<string> {
  return (await logText(logFile)).split('\n').filter(Boolean).slice(-count).join('\n');
}

/** What a log says so far; '' if there is none. */
export async function logText(logFile: string): Promise<string> {
  return readFile(logFile, 'utf8').catch(() => '');
}
