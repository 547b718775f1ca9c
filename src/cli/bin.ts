#!/usr/bin/env node
import type { OutputStream } from './io.ts';
import { main } from './main.ts';

const plain = process.env.NO_COLOR !== undefined || process.env.TERM === 'dumb';

function output(stream: NodeJS.WriteStream): OutputStream {
  // Whoever reads may have seen enough (`| head`). What is under way goes on, and its report is still written.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY && process.env.TERM !== 'dumb';
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
    color: stream.isTTY && !plain,
  };
}

process.exitCode = await main({
  argv: process.argv.slice(2),
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  onInterrupt(handler) {
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
  },
});
