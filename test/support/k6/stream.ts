/**
 * What `--out json` writes (k6 documentation, "JSON"; field order as in k6's internal/output/json): a line of type Metric
 * before a metric's first sample, a line of type Point for each sample, handed on five times a second. A file whose name ends
 * in .gz is compressed.
 */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Metric, Sample } from './samples.ts';
import { timeText } from './samples.ts';

const FLUSH_MS = 200;

/** An output that samples are written to. */
export class JsonStream {
  readonly #to: Writable;
  readonly #ours: boolean;
  /** What the bytes end up in; the same as `#to` where they are not compressed. */
  readonly #end: Writable;
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];

  /** @param file a path, or '' or '-' for stdout */
  constructor(file: string) {
    this.#ours = file !== '' && file !== '-';
    this.#end = this.#ours ? createWriteStream(file) : process.stdout;
    this.#to = this.#end;
    if (this.#ours && file.endsWith('.gz')) {
      const zip = createGzip();
      zip.pipe(this.#end);
      this.#to = zip;
    }
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS);
  }

  add(metric: Metric, { value, tags, metadata, at }: Sample): void {
    if (!this.#seen.has(metric.name)) {
      this.#seen.add(metric.name);
      const { name, type, contains } = metric;
      // Nobody looks at the thresholds and submetrics that k6 has here.
      const data = { name, type, contains, thresholds: [], submetrics: null };
      this.#lines.push(`${JSON.stringify({ type: 'Metric', data, metric: name })}\n`);
    }
    const data = { time: timeText(at), value, tags: sorted(tags), metadata: metadata && sorted(metadata) };
    this.#lines.push(`${JSON.stringify({ metric: metric.name, type: 'Point', data })}\n`);
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    if (this.#ours) {
      this.#to.end();
      await finished(this.#end);
    } else await new Promise<void>((resolve) => this.#to.write('', () => resolve()));
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#to.write(this.#lines.join(''));
    this.#lines = [];
  }
}

function sorted(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
}
