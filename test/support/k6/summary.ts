/** What is said at the end of a run (k6 documentation, "End of test", "Custom summary"). */
import { writeFileSync } from 'node:fs';
import { type Metric, type Sample, valuesOf } from './samples.ts';
import { log } from './trouble.ts';
import type { Ended } from './virtual-user.ts';

/** What handleSummary() is given. */
export function summaryData(
  metrics: ReadonlyMap<string, Metric>,
  samples: readonly Sample[],
  milliseconds: number,
  setupData: string | undefined,
): string {
  const entries = [...metrics.values()].flatMap((metric) => {
    const values = samples.filter((sample) => sample.metric === metric.name).map(({ value }) => value);
    if (values.length === 0) return [];
    const { name, type, contains } = metric;
    return [[name, { type, contains, values: valuesOf(type, values, milliseconds / 1e3) }]];
  });
  return JSON.stringify({
    root_group: { name: '', path: '', id: 'd41d8cd98f00b204e9800998ecf8427e', groups: [], checks: [] },
    options: {
      summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'],
      summaryTimeUnit: '',
      noColor: true,
    },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: milliseconds },
    metrics: Object.fromEntries(entries),
    ...(setupData === undefined ? {} : { setup_data: JSON.parse(setupData) }),
  });
}

/** Writes what handleSummary() returned; without it, or where it failed, what k6 says by itself. */
export function tellSummary(data: string, own: Ended | undefined): void {
  if (own?.state === 'done' && own.error === undefined) {
    write(own.result);
    return;
  }
  if (own?.state === 'done')
    log('error', `handleSummary() failed with error '${own.error}', falling back to the default summary`);
  process.stdout.write(textOf(data));
}

/** Files by their paths, or stdout and stderr, given as JSON. */
function write(returned: string | undefined): void {
  const files = returned === undefined ? {} : (JSON.parse(returned) as Record<string, unknown>);
  for (const [path, text] of Object.entries(files)) {
    if (path === 'stdout') process.stdout.write(String(text));
    else if (path === 'stderr') process.stderr.write(String(text));
    else writeFileSync(path, String(text));
  }
}

function textOf(data: string): string {
  const { metrics } = JSON.parse(data) as { metrics: Record<string, { values: Record<string, number> }> };
  const lines = Object.entries(metrics).map(
    ([name, { values }]) =>
      `    ${name.padEnd(35, '.')}: ${Object.entries(values)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}`,
  );
  return `\n\n  █ TOTAL RESULTS\n\n${lines.join('\n')}\n\n`;
}
