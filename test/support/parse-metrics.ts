import { createRequire } from 'node:module';

/** A family of metrics as an independent parser reads it. */
export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
  }[];
}

const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (
  text: string,
) => ParsedFamily[];

/** Reads metrics; the value of each by its name and labels, such as `up{isp=gmail}`. Histograms are left out. */
export function parsedMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, type, metrics } of parse(text)) {
    if (type === 'HISTOGRAM') continue;
    for (const { labels = {}, value } of metrics) {
      const tags = Object.entries(labels).map(([key, tag]) => `${key}=${tag}`);
      values.set(tags.length === 0 ? name : `${name}{${tags.join(',')}}`, Number(value));
    }
  }
  return values;
}
