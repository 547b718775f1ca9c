/**
 * Reads what k6 streams with `--out json=-` (k6 documentation, "JSON"): a line of JSON for each sample, and one for each
 * metric before its first. Nothing is kept: ten samples and more for each request come to several kilobytes.
 */
import type { Readable } from 'node:stream';
import type { K6Kind } from '../../record/k6-metrics.ts';

/** A metric that samples follow of. */
export interface K6Definition {
  readonly type: 'Metric';
  readonly name: string;
  readonly kind: K6Kind;
  /** Its values are milliseconds. */
  readonly time: boolean;
}

/** A sample. */
export interface K6Point {
  readonly type: 'Point';
  readonly name: string;
  /** Unix time in milliseconds. */
  readonly atMs: number;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const KINDS: readonly string[] = ['counter', 'gauge', 'rate', 'trend'] satisfies K6Kind[];

/** What a line says; undefined if it is none of k6's stream, such as what a script's handleSummary() prints. */
export function k6Line(line: string): K6Definition | K6Point | undefined {
  if (!line.startsWith('{')) return undefined;
  let parsed: RawLine;
  try {
    parsed = JSON.parse(line) as RawLine;
  } catch {
    return undefined;
  }
  const { type, metric, data } = parsed;
  if (typeof metric !== 'string' || typeof data !== 'object' || data === null) return undefined;
  if (type === 'Metric') {
    const { type: kind, contains } = data;
    if (kind === undefined || !KINDS.includes(kind)) return undefined;
    return { type, name: metric, kind: kind as K6Kind, time: contains === 'time' };
  }
  const { time, value, tags, metadata } = data;
  if (type !== 'Point' || typeof time !== 'string' || typeof value !== 'number') return undefined;
  const atMs = Date.parse(time);
  if (Number.isNaN(atMs)) return undefined;
  return { type, name: metric, atMs, value, tags: tags ?? {}, metadata: metadata ?? {} };
}

interface RawLine {
  readonly type?: unknown;
  readonly metric?: unknown;
  readonly data?: {
    readonly type?: string;
    readonly contains?: string;
    readonly time?: unknown;
    readonly value?: unknown;
    readonly tags?: Readonly<Record<string, string>> | null;
    readonly metadata?: Readonly<Record<string, string>> | null;
  } | null;
}

/** A line that is longer than this is not of a stream of samples; its beginning is told of, the rest is skipped. */
const LONGEST_LINE = 1 << 20;

/** Calls `onLine` for each line of a stream of UTF-8, the last one too if it has no end. Resolves when the stream is over. */
export function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let rest = '';
    let skipping = false;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      let from = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
        const line = rest + chunk.slice(from, end);
        rest = '';
        from = end + 1;
        if (!skipping) onLine(line);
        skipping = false;
      }
      if (skipping) return;
      rest += chunk.slice(from);
      if (rest.length <= LONGEST_LINE) return;
      onLine(rest);
      rest = '';
      skipping = true;
    });
    stream.on('close', () => {
      if (rest !== '') onLine(rest);
      resolve();
    });
    // What could be read has been; whoever waits for the process learns why.
    stream.on('error', () => {});
  });
}
