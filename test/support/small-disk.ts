import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isRoot } from '../../src/core/process.ts';
import { workFolder } from './cli.ts';
import { lacking } from './skip.ts';

/** A disk of its own, in memory, that is as large as it is. */
export interface SmallDisk {
  /** Its root, as seen from everywhere on this machine but from within a seal. */
  readonly path: string;
  /** Fills it to the last byte. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
}

/** Mounts a small disk in a mount namespace of its own; skips the test and returns undefined where that is not allowed. */
export async function smallDisk(t: TestContext, megabytes: number): Promise<SmallDisk | undefined> {
  const folder = workFolder(t);
  const holder = spawn(
    'unshare',
    [
      ...(isRoot() ? [] : ['--map-root-user']),
      ...['--mount', '--propagation', 'private', 'sh', '-c'],
      // It holds the disk until its stdin is closed.
      `mount -t tmpfs -o size=${megabytes}m windtunnel-test "$1" && echo mounted && read -r end`,
      ...['sh', folder],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const gone = new Promise<void>((resolve) => {
    holder.once('error', () => resolve());
    holder.once('close', () => resolve());
  });
  t.after(() => {
    holder.stdin.end();
    return gone;
  });
  const mounted = new Promise<boolean>((resolve) => {
    holder.stdout.once('data', () => resolve(true));
    gone.then(() => resolve(false));
  });
  if (!(await mounted)) {
    lacking(t, 'leave to mount a small disk (root, or user namespaces)');
    return undefined;
  }
  const path = `/proc/${holder.pid}/root${folder}`;
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'w');
      try {
        for (let size = 65536; size >= 1; ) {
          try {
            writeSync(file, Buffer.alloc(size));
          } catch {
            size >>= 1;
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
  };
}
