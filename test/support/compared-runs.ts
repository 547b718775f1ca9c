/** Runs to compare, made by hand. */
import type { RunValue } from '../../src/gate/change.ts';
import type { ComparedRun } from '../../src/report/comparison/comparison.ts';
import type { Summary } from '../../src/report/summary.ts';
import { emptyFixture } from './summary-fixture.ts';

/** What is special about a run. */
export interface RunSpecial {
  readonly name?: string;
  /** Metrics of its summary. */
  readonly metrics?: Summary['metrics'];
  /** Thresholds, by `metric expression`, with what was measured. */
  readonly thresholds?: Readonly<Record<string, number | string>>;
  readonly measured?: Readonly<Record<string, RunValue>>;
  readonly unfinished?: boolean;
  readonly summary?: Partial<Summary>;
  readonly run?: Partial<Summary['run']>;
}

let clock = 0;

/** A run that passed, without ISPs; each starts a second after the one before. */
export function comparedRun(special: RunSpecial = {}): ComparedRun {
  const { summary: empty } = emptyFixture();
  const startedAt = new Date(Date.UTC(2026, 0, 1) + 1000 * clock++).toISOString();
  return {
    name: special.name ?? 'run',
    unfinished: special.unfinished ?? false,
    measured: new Map(Object.entries(special.measured ?? {})),
    summary: {
      ...empty,
      verdict: { passed: true, exitCode: 0, sentence: 'All thresholds hold.' },
      adaptation: [],
      metrics: special.metrics ?? {},
      thresholds: Object.entries(special.thresholds ?? {}).map(([text, value]) => {
        const [metric = '', expression = ''] = text.split(/ (?=\S+$)/);
        const actual = typeof value === 'number' ? value : null;
        return { metric, expression, passed: true, actual, actualText: String(value), sentence: '' };
      }),
      ...special.summary,
      run: { ...empty.run, startedAt, interrupted: false, loadSeconds: 60, ...special.run },
    },
  };
}

/** A run for each value of one threshold. */
export function runsWith(threshold: string, values: readonly (number | string)[]): ComparedRun[] {
  return values.map((value) => comparedRun({ thresholds: { [threshold]: value } }));
}
