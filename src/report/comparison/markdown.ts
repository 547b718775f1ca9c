/** A comparison in GitHub-flavoured Markdown, for a job's summary. */
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
  return [
    `| ${gating ? 'gates' : 'metric'} | before | now | change | interval | |`,
    '|---|---:|---:|---:|---:|---|',
    ...metrics.map((metric) => {
      const worse = gating && metric.verdict === 'worse';
      const mark = gating ? (worse ? '❌ ' : '✅ ') : '';
      const cells = [
        `\`${titleOf(metric)}\``,
        ...[
          sideText(metric, metric.baseline),
          sideText(metric, metric.runs),
          changeText(metric),
          intervalText(metric),
        ].map(plain),
        `${mark}${worse ? `**${metric.verdict}**` : metric.verdict}`,
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

/** Text that means itself in Markdown and in a table's cell. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|~]/g, '\\$&').replace(/\s+/g, ' ');
}
