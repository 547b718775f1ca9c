import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { after, sleepMs } from '../../core/clock.ts';

/** An address and port for SMTP. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

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

/**
 * Waits until Haraka takes mail: it has said of each of its listeners that it listens (its level `notice`), and its port
 * greets with 220. The log comes first, since another program that holds the port may greet too. Resolves with what
 * went wrong, if anything.
 */
export async function whyNotReady(
  at: Endpoint,
  listeners: number,
  logFile: string,
  exited: Promise<string>,
  deadlineMs: number,
): Promise<string | undefined> {
  let trouble: string | undefined;
  const cancel = after(deadlineMs, () => {
    trouble ??= `Haraka did not answer on ${at.address} port ${at.port}`;
  });
  void exited.then((sentence) => {
    trouble ??= sentence;
  });
  try {
    while (trouble === undefined) {
      const listening = (await logText(logFile)).split('Listening on ').length - 1;
      if (listening >= listeners && (await greets(at))) return undefined;
      await sleepMs(25);
    }
    return trouble;
  } finally {
    cancel();
  }
}

/** The last lines of a log that are not empty. */
export async function lastLines(logFile: string, count: number): Promise<string> {
  return (await logText(logFile)).split('\n').filter(Boolean).slice(-count).join('\n');
}

/** Resolves, with a sentence, when the process has ended or could not be started. */
export function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`Haraka could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      resolve(signal ? `Haraka was ended by ${signal}` : `Haraka ended with exit code ${code}`);
    });
  });
}

async function logText(logFile: string): Promise<string> {
  return readFile(logFile, 'utf8').catch(() => '');
}

function greets({ address, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const cancel = after(2000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString('latin1').startsWith('220'));
      socket.end('QUIT\r\n');
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => {
      cancel();
      resolve(false);
    });
  });
}
