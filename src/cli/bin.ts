#!/usr/bin/env node
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { OutputStream, Signal } from './io.ts';
import { main } from './main.ts';

const plain = process.env.NO_COLOR !== undefined || process.env.TERM === 'dumb';

function output(stream: NodeJS.WriteStream): OutputStream {
  // Whoever reads may have seen enough (`| head`), or the terminal was closed. What is under way goes on, and its report is
  // still written.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !(error.code === 'EIO' && stream.isTTY)) throw error;
  });
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY && process.env.TERM !== 'dumb';
    },
    // A terminal that nobody gave a size, such as that of `script` in CI, says 0.
    get columns() {
      return stream.columns || undefined;
    },
    get rows() {
      return stream.rows || undefined;
    },
    color: stream.isTTY && !plain,
  };
}

// Node puts a terminal's modes back when it ends, and aborts where that fails: it must not find a terminal that is gone.
const terminals = [0, 1, 2].filter((fd) => isatty(fd));
process.on('exit', () => {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
});

process.exitCode = await main({
  argv: process.argv.slice(2),
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  onInterrupt(handler) {
    let asked = false;
    const ask = (signal: Signal): void => {
      asked = true;
      handler(signal);
    };
    process.on('SIGINT', ask);
    process.on('SIGTERM', ask);
    // A terminal that is closed may say so twice, by the kernel and by the shell, and never means to insist.
    process.on('SIGHUP', () => {
      if (!asked) ask('SIGHUP');
    });
  },
});
