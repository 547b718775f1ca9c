/** A comparison for a terminal. */
import { type Paint, paintWith } from '../paint.ts';
import { table, wrap } from '../text-table.ts';
import type { ComparedMetric, Comparison } from './comparison.ts';
import {
  changeText,
  informationText,
  intervalText,
  judgedText,
  namesText,
  othersByVerdict,
  sideText,
  titleOf,
} from './wording.ts';

/** How a comparison is printed. */
export interface TextOptions {
  readonly color: boolean;
  readonly width?: number;
  /** List what did not change too. */
  readonly all: boolean;
}

/** A comparison as text, ending with a newline. */
export function renderText(comparison: Comparison, { color, width = 100, all }: TextOptions): string {
  const paint = paintWith(color);
  const { verdict, warnings, baseline, runs } = comparison;
  const [mark, word] = verdict.passed ? ['✓', 'NOT WORSE'] : ['✗', 'WORSE'];
  const sections = [
    [
      `  ${paint('bold', paint(verdict.passed ? 'green' : 'red', `${mark} ${word}`))}`,
      ...wrap(verdict.sentence, width - 4).map((line) => `    ${line}`),
      ...wrap(judgedText(comparison), width - 4).map((line) => paint('dim', `    ${line}`)),
      `    before  ${namesText(baseline)}`,
      `    now     ${namesText(runs)}`,
    ],
    warnings.flatMap((warning) =>
      wrap(warning, width - 4).map((line, i) => `  ${i === 0 ? paint('yellow', '!') : ' '} ${line}`),
    ),
    metrics(comparison, paint, all),
  ].filter((lines) => lines.length > 0);
  return `\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n\n`;
}

function metrics(comparison: Comparison, paint: Paint, all: boolean): string[] {
  const { changed, unclear, unchanged } = othersByVerdict(comparison);
  const shown = all ? [...changed, ...unclear, ...unchanged] : changed;
  const rows = [...comparison.gates, ...shown];
  const lines = table(
    [['', 'before', 'now', 'change', 'interval', ''], ...rows.map(cells)],
    ['left', 'right', 'right', 'right', 'right', 'left'],
  );
  const [head = '', ...body] = lines;
  const gates = comparison.gates.length;
  const painted = body.map((line, i) => rowOf(rows[i] as ComparedMetric, line, i < gates, paint));
  const folded = [
    ...(unchanged.length > 0 ? [`${unchanged.length} did not change`] : []),
    ...(unclear.length > 0 ? [`${unclear.length} can't be compared`] : []),
  ];
  return [
    `  ${paint('bold', 'these gate')}${paint('dim', head.slice('these gate'.length))}`,
    ...(gates === 0 ? ['    nothing: the newest run has no thresholds'] : painted.slice(0, gates)),
    '',
    `  ${paint('bold', 'these are for information')}${paint('dim', `, ${informationText(comparison)}`)}`,
    ...painted.slice(gates),
    ...(all || folded.length === 0 ? [] : [paint('dim', `    ${folded.join(', ')}; --all lists them`)]),
  ];
}

function cells(metric: ComparedMetric): string[] {
  return [
    titleOf(metric),
    sideText(metric, metric.baseline),
    sideText(metric, metric.runs),
    changeText(metric),
    intervalText(metric),
    metric.verdict,
  ];
}

function rowOf(metric: ComparedMetric, line: string, gates: boolean, paint: Paint): string {
  const { verdict } = metric;
  const mark = !gates ? ' ' : verdict === 'worse' ? paint('red', '✗') : paint('green', '✓');
  const style = verdict === 'worse' ? 'red' : verdict === 'better' ? 'green' : 'yellow';
  return `  ${mark} ${verdict === 'no change' ? line : paint(style, line)}`;
}
