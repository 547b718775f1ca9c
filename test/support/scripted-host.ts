import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LabProof } from '../../src/core/proof.ts';
import type { CommandResult, MtaHost } from '../../src/mta/adapter.ts';
import { workFolder } from './cli.ts';

/** A machine on which nothing runs: what an adapter asks of it is written down, and answered as a test says. */
export interface ScriptedHost extends MtaHost {
  readonly ran: string[][];
  readonly spawned: string[][];
  /** What was sent to the program that was started last, `kill` too. */
  readonly signals: string[];
  /** The ports that were last asked for. */
  readonly waitedFor: number[];
  /** Ends that program. */
  end(sentence: string): void;
}

/** Such a machine; every port that is asked for is open unless a test says otherwise. */
export function scriptedHost(
  answer: (argv: readonly string[]) => Partial<CommandResult> = () => ({}),
  listens = true,
): ScriptedHost {
  let end: (sentence: string) => void = () => {};
  const host: ScriptedHost = {
    proof: { lab: 'sealed', addresses: [] } as unknown as LabProof,
    ran: [],
    spawned: [],
    signals: [],
    waitedFor: [],
    end: (sentence) => end(sentence),
    spawn(argv) {
      host.spawned.push([...argv]);
      const exited = new Promise<string>((resolve) => {
        end = resolve;
      });
      return {
        exited,
        signal(name) {
          host.signals.push(name);
          end(`it was ended by ${name}`);
        },
        async kill() {
          host.signals.push('kill');
          end('it was killed');
        },
      };
    },
    async run(argv) {
      host.ran.push([...argv]);
      return { code: 0, stdout: '', stderr: '', ...answer(argv) };
    },
    async listening(ports) {
      host.waitedFor.splice(0, Number.POSITIVE_INFINITY, ...ports);
      return listens ? ports : [];
    },
  };
  return host;
}

/** Puts programs of these names, which do nothing, before all others in PATH until the test ends; returns their folder. */
export function programsInPath(t: TestContext, names: readonly string[]): string {
  const folder = join(workFolder(t), 'bin');
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  const before = process.env.PATH ?? '';
  process.env.PATH = `${folder}${delimiter}${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
  return folder;
}
