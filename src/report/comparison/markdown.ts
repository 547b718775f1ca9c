/** A comparison in GitHub-flavoured Markdown, for a job's summary. */
import { code, plain, table } from '../markdown-text.ts';
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

/** A comparison as Markdown, ending with a newline. */
export function renderMarkdown(comparison: Comparison): string {
  const { verdict, warnings, gates } = comparison;
  const { changed, unclear, unchanged } = othersByVerdict(comparison);
  const blocks = [
    `## ${verdict.passed ? '✅ Not worse' : '❌ Worse'} than the baseline`,
    plain(verdict.sentence),
    plain(judgedText(comparison)),
    `Before: ${plain(namesText(comparison.baseline))}. Now: ${plain(namesText(comparison.runs))}.`,
    ...warnings.map((warning) => `> ⚠️ ${plain(warning)}`),
    ...(gates.length > 0 ? [tableOf(gates, true)] : []),
    ...folded(`${others(changed)} changed (${informationText(comparison)})`, changed),
    ...folded(`${others(unclear)} can't be compared`, unclear),
    ...folded(`${others(unchanged)} did not change`, unchanged),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function others({ length }: readonly ComparedMetric[]): string {
  return `${length} other${length === 1 ? '' : 's'}`;
}

function folded(title: string, metrics: readonly ComparedMetric[]): string[] {
  if (metrics.length === 0) return [];
  return [`<details><summary>${plain(title)}</summary>`, tableOf(metrics, false), '</details>'];
}

function tableOf(metrics: readonly ComparedMetric[], gating: boolean): string {
  const heads = [gating ? 'gates' : 'metric', '>before', '>now', '>change', '>interval', ''];
  const rows = metrics.map((metric) => {
    const worse = gating && metric.verdict === 'worse';
    const mark = gating ? (worse ? '❌ ' : '✅ ') : '';
    const numbers = [
      sideText(metric, metric.baseline),
      sideText(metric, metric.runs),
      changeText(metric),
      intervalText(metric),
    ];
    return [
      code(titleOf(metric)),
      ...numbers.map(plain),
      `${mark}${worse ? `**${metric.verdict}**` : metric.verdict}`,
    ];
  });
  return table(heads, rows);
}
