/** The machine of the MTA under test: where its programs are started, looked at, paused and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { environment, killProcess, readText, runCommand } from '../../core/process.ts';
import type { MtaHost, MtaProcess } from '../../mta/adapter.ts';
import type { LabNetwork } from '../ground/network.ts';
import { childrenOf, descendantsOf } from '../machine/process-tree.ts';

/** How long a command of the MTA's may take, unless its caller knows better. */
const COMMAND_MS = 10_000;

/** The MTA's machine, with what the lab alone may do to it. */
export interface LabMtaHost extends MtaHost {
  /** Is told of each program that ends, with a sentence and the file that it logged to; killed and stopped ones too. */
  onEnd: (sentence: string, logFile: string) => void;
  /** Every process of the MTA that runs now, as this PID namespace numbers them; the programs that `spawn` started come first. */
  pids(): number[];
  /** Kills every program that `spawn` started, and all that they started. Resolves when all is gone. */
  kill(): Promise<void>;
  /** Sends a signal to the programs that `spawn` started. */
  signal(name: 'SIGTERM' | 'SIGINT'): void;
  /** Stops every process where it is (SIGSTOP), or lets them go on. */
  pause(paused: boolean): void;
}

/**
 * The MTA's side of a network. In a seal each program is the second process of a PID namespace of its own, so that what
 * it forks, however often, ends with it and can be found; without one, it is an ordinary child.
 */
export function openMtaHost(
  network: Pick<LabNetwork, 'lab' | 'proof' | 'enterHost' | 'hostPid'>,
): LabMtaHost {
  const sealed = network.lab === 'sealed';
  const programs = new Set<Program>();
  let starts = 0;
  const host: LabMtaHost = {
    proof: network.proof,
    onEnd: () => {},
    spawn(argv, { name, cwd, env, logFile }) {
      const wrapped = sealed ? [...OWN_PIDS, String((starts++ % 10) * 3000), ...argv] : argv;
      const [command = '', ...args] = network.enterHost(wrapped);
      mkdirSync(dirname(logFile), { recursive: true });
      const log = openSync(logFile, 'a');
      const child = spawn(command, args, {
        cwd,
        env: { ...environment(), ...env },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      const program = new Program(name, child, sealed);
      programs.add(program);
      program.exited.then((sentence) => {
        programs.delete(program);
        host.onEnd(sentence, logFile);
      });
      return program;
    },
    run(argv, { cwd, env, input, timeoutMs = COMMAND_MS } = {}) {
      return runCommand(network.enterHost(argv), {
        ...(cwd !== undefined && { cwd }),
        ...(env && { env: { ...environment(), ...env } }),
        ...(input !== undefined && { input }),
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      });
    },
    async listening(ports) {
      const all = network.hostPid === undefined ? undefined : listeningPorts(network.hostPid);
      const open = all ?? (await connectable(ports));
      return ports.filter((port) => open.has(port));
    },
    pids: () => [...programs].flatMap((program) => program.pids()),
    async kill() {
      await Promise.all([...programs].map((program) => program.kill()));
    },
    signal(name) {
      for (const program of programs) program.signal(name);
    },
    pause(paused) {
      // What is started while others are being stopped is found the next time.
      const told = new Set<number>();
      for (let fresh = host.pids(); fresh.length > 0; fresh = host.pids().filter((pid) => !told.has(pid)))
        for (const pid of fresh) {
          killProcess(pid, paused ? 'SIGSTOP' : 'SIGCONT');
          told.add(pid);
        }
    },
  };
  return host;
}

/**
 * The shell is the namespace's first process, because it reaps orphans while it waits; few programs do. `exit` keeps it from
 * becoming the program. --kill-child: the namespace ends with unshare. What comes next is a number, and the program's
 * process has the next one: on a real machine numbers don't come again at once either, and there are MTAs that put theirs
 * into the names of queue files (Haraka). Where the kernel doesn't allow that, they do come again.
 */
const OWN_PIDS = [
  ...['unshare', '--pid', '--fork', '--kill-child', '--', 'sh', '-c'],
  '{ echo "$0" >/proc/sys/kernel/ns_last_pid; } 2>/dev/null; "$@"; exit $?',
];

class Program implements MtaProcess {
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #sealed: boolean;
  #killed = false;

  constructor(name: string, child: ChildProcess, sealed: boolean) {
    this.#child = child;
    this.#sealed = sealed;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(`${name} could not be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        // unshare can't end itself as its namespace was ended.
        if (this.#killed) return resolve(`${name} was ended by SIGKILL`);
        // A shell adds 128 to the number of the signal that ended its command.
        const how = signal ?? (code !== null && sealed ? signalOf(code - 128) : undefined);
        resolve(how === undefined ? `${name} ended with exit code ${code}` : `${name} was ended by ${how}`);
      });
    });
  }

  /** The program and all that it has started; the program itself comes first. */
  pids(): number[] {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return [];
    if (!this.#sealed) return [pid, ...descendantsOf(pid)];
    const init = childrenOf(pid)[0];
    return init === undefined ? [] : descendantsOf(init);
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    const [program] = this.pids();
    if (program !== undefined) killProcess(program, name);
  }

  async kill(): Promise<void> {
    const { pid } = this.#child;
    if (this.pids().length === 0 || pid === undefined) return;
    this.#killed = true;
    // The end of a namespace's first process is the end of all.
    const init = this.#sealed ? childrenOf(pid)[0] : undefined;
    for (const each of init === undefined ? this.pids() : [init]) killProcess(each, 'SIGKILL');
    await this.exited;
  }
}

function signalOf(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** Ports that something listens on in the network of a process, from the kernel's tables. */
export function listeningPorts(pid: number): Set<number> {
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of (readText(`/proc/${pid}/net/${table}`) ?? '').split('\n').slice(1)) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      // 0A is TCP_LISTEN (include/net/tcp_states.h).
      if (state === '0A') ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  }
  return ports;
}

async function connectable(ports: readonly number[]): Promise<Set<number>> {
  const open = await Promise.all(ports.map(connects));
  return new Set(ports.filter((_, at) => open[at]));
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      resolve(true);
      socket.resume().end();
    });
    socket.once('error', () => resolve(false));
  });
}
