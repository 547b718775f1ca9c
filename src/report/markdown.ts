/** `summary.md`: the result in GitHub-flavoured Markdown, for the summary of a CI job. */
import { wholeIsps } from './adaptation-rows.ts';
import { FAULT_COLUMNS, faultText } from './fault-text.ts';
import { FEEDBACK_TOTALS } from './feedback-text.ts';
import { holdsSessionsOnly } from './injection-text.ts';
import { k6Format, k6Headlines } from './k6-text.ts';
import { keyFigures } from './key-figures.ts';
import { block, code, plain, table } from './markdown-text.ts';
import { metricParts } from './metric-text.ts';
import { formatCount, formatMs, formatShare, formatShareScore, formatTimeScore } from './numbers.ts';
import type { AdaptationSummary, FaultSummary, IspSummary, Summary } from './summary.ts';
import { groupText, isRight, SUPPRESSION_COLUMNS } from './suppression-text.ts';
import { titleOf } from './threshold-result.ts';

/** Renders `summary.md`. */
export function renderMarkdown(summary: Summary): string {
  const sections = [
    head(summary),
    lastLines(summary.mta),
    ...summary.warnings.map((warning) => `> ⚠️ ${plain(warning)}`),
    thresholds(summary),
    checks(summary),
    figures(summary),
    ...(holdsSessionsOnly(summary)
      ? []
      : [
          k6(summary),
          isps(summary.isps),
          findings(summary),
          adaptation(summary.adaptation),
          faults(summary.faults),
          feedback(summary.feedback),
          suppression(summary),
        ]),
    again(summary),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head({ verdict, run, mta }: Summary): string {
  const word = run.interrupted ? '⏹️ Interrupted' : verdict.passed ? '✅ Passed' : '❌ Failed';
  const facts = [
    mta.version === '' ? mta.adapter : mta.version,
    formatMs(run.durationSeconds * 1e3),
    run.lab === 'sealed' ? 'sealed' : 'not sealed',
    ...(run.clockScale === 1 ? [] : [`clock ×${run.clockScale}`]),
    `seed ${run.seed}`,
    `exit code ${verdict.exitCode}`,
  ];
  return `## ${word}: ${plain(run.scenario)}\n\n${plain(verdict.sentence)}\n\n${plain(facts.join(' · '))}`;
}

function thresholds({ thresholds }: Summary): string {
  if (thresholds.length === 0) return '';
  return table(
    ['', 'threshold', 'asks', '>actual'],
    thresholds.map((t) => [
      t.passed ? '✅' : '❌',
      code(titleOf(t)),
      code(t.expression),
      t.passed ? plain(t.actualText) : `**${plain(t.actualText)}**`,
    ]),
  );
}

function checks({ checks = [] }: Summary): string {
  if (checks.length === 0) return '';
  return table(
    ['', 'check', 'found'],
    checks.map(({ name, passed, sentence }) => [passed ? '✅' : '❌', code(name), plain(sentence)]),
  );
}

function figures(summary: Summary): string {
  const all = keyFigures(summary);
  return table(
    all.map(({ name }) => `>${name}`),
    [all.map(({ value }) => `**${plain(value)}**`), all.map(({ note }) => plain(note))],
  );
}

/** A line for each metric of k6's that tells most. */
function k6({ k6 }: Summary): string {
  const shown = k6 ? k6Headlines(k6) : [];
  if (shown.length === 0) return '';
  return table(
    ['k6', 'values'],
    shown.map(([key, metric]) => [
      code(key),
      plain(
        metricParts(metric.value, k6Format(metric))
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ),
    ]),
  );
}

function isps(isps: readonly IspSummary[]): string {
  if (isps.length === 0) return '';
  return table(
    ['ISP', '>recipients', '>delivered', '>attempts', '>throttled', '>deferred', '>rejected', '>connections'],
    isps.map((isp) => [
      plain(isp.name),
      formatCount(isp.recipients),
      withShare(isp.outcomes.delivered, isp.recipients),
      formatCount(isp.attempts),
      withShare(isp.throttled, isp.attempts),
      formatCount(isp.deferred),
      formatCount(isp.rejected),
      formatCount(isp.connectionsOpened),
    ]),
  );
}

/** Where mail did not leave as asked for, where the MTA's own log is wrong, and what did not come back as it should. */
function findings({ sources, ownLog, feedback }: Summary): string {
  const all = [
    ...(sources?.findings ?? []),
    ...(ownLog?.findings ?? []).map((finding) => `The MTA's own log: ${finding}`),
    ...(feedback?.findings ?? []).map((finding) => `What came back: ${finding}`),
  ];
  return all.map((finding) => `- ⚠️ ${plain(finding)}`).join('\n');
}

/** A line for the run at each ISP, and one for each of its incidents. */
function adaptation(all: readonly AdaptationSummary[]): string {
  const rows = wholeIsps(all).flatMap((isp) => [
    [plain(isp.isp), 'whole run', formatShareScore(isp.utilisation), formatShareScore(isp.wastedAttempts)],
    ...isp.incidents.map((scores) => [
      plain(isp.isp),
      `#${scores.incident} ${plain(scores.label)}`,
      formatShareScore(scores.utilisation),
      formatShareScore(scores.wastedAttempts),
      formatTimeScore(scores.reactionSeconds),
      formatTimeScore(scores.recoverySeconds),
      formatTimeScore(scores.drainSeconds),
      formatShareScore(scores.collateral),
    ]),
  ]);
  if (rows.length === 0) return '';
  const head = ['>utilisation', '>wasted', '>reaction', '>recovery', '>drain', '>collateral'];
  return table(['ISP', 'incident', ...head], rows);
}

/** A line for each fault of the MTA. */
function faults(faults: readonly FaultSummary[]): string {
  if (faults.length === 0) return '';
  return table(
    ['fault', ...FAULT_COLUMNS.map(({ head }) => `>${head}`)],
    faults.map((fault) => [
      `#${fault.fault} ${plain(faultText(fault))}`,
      ...FAULT_COLUMNS.map(({ of }) => plain(of(fault))),
    ]),
  );
}

/** A line for each kind of news at each ISP. */
function suppression({ suppression }: Summary): string {
  if (!suppression) return '';
  return table(
    ['', 'suppression', ...SUPPRESSION_COLUMNS.map(({ head }) => `>${head}`)],
    suppression.groups.map((group) => [
      isRight(group) ? '✅' : '❌',
      plain(groupText(group)),
      ...SUPPRESSION_COLUMNS.map(({ of }) => plain(of(group))),
    ]),
  );
}

/** A line for each ISP of which anything came back. */
function feedback(feedback: Summary['feedback']): string {
  if (!feedback || feedback.isps.length === 0) return '';
  return table(
    ['came back', ...FEEDBACK_TOTALS.map(({ head }) => `>${head}`)],
    feedback.isps.map((isp) => [
      plain(isp.isp ?? 'unknown'),
      ...FEEDBACK_TOTALS.map(({ of }) => plain(of(isp))),
    ]),
  );
}

/** The end of the log of an MTA that ended. */
function lastLines({ lastLines = [] }: Summary['mta']): string {
  if (lastLines.length === 0) return '';
  return `The last lines of the MTA's log:\n\n${block('', lastLines.join('\n'))}`;
}

function again({ run }: Summary): string {
  return `Run it again (windtunnel ${plain(run.version)}):\n\n${block('sh', run.command)}`;
}

function withShare(part: number, whole: number): string {
  return `${formatCount(part)} (${formatShare(part, whole)})`;
}
