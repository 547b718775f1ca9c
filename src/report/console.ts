import { incidentRows } from './adaptation-rows.ts';
import { FAULT_COLUMNS, faultName } from './fault-text.ts';
import { FEEDBACK_TOTALS } from './feedback-text.ts';
import { connectionsText, holdsSessionsOnly, injectionNotes, isPlainInjection } from './injection-text.ts';
import { k6Lines } from './k6-text.ts';
import {
  formatCount,
  formatMs,
  formatPerSecond,
  formatShare,
  formatShareScore,
  formatStopwatch,
  formatTimeScore,
} from './numbers.ts';
import { type Paint, paintWith } from './paint.ts';
import type { Evidence, Summary } from './summary.ts';
import { groupText, SUPPRESSION_COLUMNS } from './suppression-text.ts';
import { type Align, table, wrap } from './text-table.ts';
import { titleOf } from './threshold-result.ts';

/** How the console report is drawn. */
export interface ConsoleOptions {
  /** ANSI colours. */
  readonly color: boolean;
  /** Columns of the terminal; 100 if it is not one. */
  readonly width?: number;
}

/** The result of a run for a terminal, ending with a newline. */
export function renderConsole(summary: Summary, { color, width = 100 }: ConsoleOptions): string {
  const paint = paintWith(color);
  const sections = [
    verdict(summary, paint, width),
    lastLines(summary, paint),
    warnings(summary, paint, width),
    thresholds(summary, paint),
    checks(summary, paint, width),
    ...(holdsSessionsOnly(summary)
      ? [injection(summary, paint, width)]
      : [
          totals(summary, paint),
          isPlainInjection(summary) ? [] : injection(summary, paint, width),
          k6(summary, paint, width),
          isps(summary, paint, width),
          adaptation(summary, paint, width),
          faults(summary, paint, width),
          suppression(summary, paint, width),
          conservation(summary, paint, width),
          feedback(summary, paint, width),
          findings('sources', summary.sources, paint, width),
          findings("the MTA's own log", summary.ownLog, paint, width),
        ]),
    latency(summary, paint, width),
  ].filter((lines) => lines.length > 0);
  return `\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n\n`;
}

/** What the progress line shows. */
export interface ProgressState {
  readonly phase: string;
  readonly elapsedSeconds: number;
  readonly totalSeconds: number;
  /** How much of the load is done, 0 to 1; it may end before its time. */
  readonly share: number;
  readonly injected: number;
  readonly injectedPerSecond: number;
  readonly delivered: number;
  readonly throttled: number;
  readonly noops: number;
  /** Undefined where the MTA can't tell. */
  readonly queue: number | undefined;
  /** Connections that the driver holds; undefined where they are not what the load is about. */
  readonly sessions: number | undefined;
}

/** One line about a run that is going on, at most `width` columns: what does not fit is left out from the right. */
export function progressLine(state: ProgressState, width: number): string {
  const parts = [
    `${state.phase} ${formatStopwatch(state.elapsedSeconds)}/${formatStopwatch(state.totalSeconds)}`,
    bar(state.share),
    ...(state.sessions === undefined ? [] : [`${formatCount(state.sessions)} sessions`]),
    ...(state.noops > 0 ? [`${formatCount(state.noops)} NOOPs`] : []),
    // A run that only holds sessions has no mail to count.
    ...(state.sessions !== undefined && state.injected === 0
      ? []
      : [
          `${formatCount(state.injected)} injected ${formatCount(state.injectedPerSecond)}/s`,
          `${formatCount(state.delivered)} delivered`,
          `${formatCount(state.throttled)} throttled`,
        ]),
    ...(state.queue === undefined ? [] : [`queue ${formatCount(state.queue)}`]),
  ];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (longer.length > width) break;
    line = longer;
  }
  return line || (parts[0] as string).slice(0, Math.max(0, width));
}

// --- sections: each returns its lines, none if it has nothing to say ---

function verdict({ verdict, run }: Summary, paint: Paint, width: number): string[] {
  const word = run.interrupted ? 'INTERRUPTED' : verdict.passed ? 'PASSED' : 'FAILED';
  const mark = verdict.passed ? '✓' : '✗';
  const head = paint('bold', paint(verdict.passed ? 'green' : 'red', `${mark} ${word}`));
  const facts = [
    formatMs(run.durationSeconds * 1e3),
    run.lab === 'sealed' ? 'sealed' : 'not sealed',
    ...(run.clockScale === 1 ? [] : [`clock x${run.clockScale}`]),
    `seed ${run.seed}`,
    `exit ${verdict.exitCode}`,
  ];
  return [
    `  ${head}  ${paint('bold', run.scenario)}`,
    ...wrap(verdict.sentence, width - 4).map((line) => `    ${line}`),
    paint('dim', `    ${facts.join(' · ')}`),
  ];
}

/** The end of the log of an MTA that ended, as it is. */
function lastLines({ mta: { lastLines = [] } }: Summary, paint: Paint): string[] {
  if (lastLines.length === 0) return [];
  return [heading("the last lines of the MTA's log", paint), ...lastLines.map((line) => `    ${line}`)];
}

function warnings({ warnings }: Summary, paint: Paint, width: number): string[] {
  return warnings.flatMap((warning) =>
    wrap(warning, width - 4).map((line, i) => `  ${i === 0 ? paint('yellow', '!') : ' '} ${line}`),
  );
}

function thresholds({ thresholds }: Summary, paint: Paint): string[] {
  if (thresholds.length === 0) return [];
  const rows = table(
    thresholds.map((t) => [
      titleOf(t),
      t.limitText === undefined ? t.expression : `${t.expression} (${t.limitText})`,
      t.actualText,
    ]),
    ['left', 'left', 'right'],
  );
  return [
    heading('thresholds', paint),
    ...thresholds.map((t, i) => {
      const line = `  ${t.passed ? paint('green', '✓') : paint('red', '✗')} `;
      return `${line}${t.passed ? rows[i] : paint('red', rows[i] as string)}`;
    }),
  ];
}

function checks({ checks = [] }: Summary, paint: Paint, width: number): string[] {
  if (checks.length === 0) return [];
  const name = Math.max(...checks.map((check) => check.name.length));
  return [
    heading('security checks', paint),
    ...checks.flatMap(({ name: label, passed, sentence }) =>
      wrap(sentence, width - name - 8).map((line, i) =>
        i === 0
          ? `  ${passed ? paint('green', '✓') : paint('red', '✗')} ${label.padEnd(name)}  ${line}`
          : `${' '.repeat(name + 6)}${line}`,
      ),
    ),
  ];
}

function totals({ totals: t, isps }: Summary, paint: Paint): string[] {
  const attempts = isps.reduce((sum, isp) => sum + isp.attempts, 0);
  const troubles: readonly (readonly [number, string])[] = [
    [t.refusedInjections, 'refused'],
    [t.unconfirmedInjections, 'unconfirmed'],
    [t.droppedIterations, 'never begun'],
  ];
  const trouble = troubles
    .filter(([n]) => n > 0)
    .map(([n, what]) => paint('yellow', `${formatCount(n)} ${what}`));
  const rows = table(
    [
      ['injected', formatCount(t.injectedMessages), formatPerSecond(t.injectedPerSecond)],
      ['delivered', formatCount(t.delivered), formatPerSecond(t.deliveredPerSecond)],
      ['throttled', formatCount(t.throttled), formatShare(t.throttled, attempts)],
      ['deferred', formatCount(t.deferred), formatShare(t.deferred, attempts)],
      ['rejected', formatCount(t.rejected), formatShare(t.rejected, attempts)],
    ],
    ['left', 'right', 'right'],
  );
  const notes = [
    ['messages', ...trouble].join(', '),
    `of ${formatCount(t.injectedRecipients)} recipients, over ${formatCount(t.connectionsOpened)} connections`,
    'of the attempts',
    'of the attempts',
    'of the attempts',
  ];
  return [heading('totals', paint), ...rows.map((line, i) => `    ${line}  ${notes[i]}`)];
}

/** The driver's side, where there is more to say than that all was taken. */
function injection(summary: Summary, paint: Paint, width: number): string[] {
  const { loads } = summary.injector;
  const connections = connectionsText(summary);
  const lines = [
    ...(connections === undefined ? [] : [`connections: ${connections}`]),
    ...injectionNotes(summary),
    ...(loads.length > 1
      ? loads.map(({ name, text, injected }) => `${name}: ${text}; ${formatCount(injected)} injected`)
      : []),
  ];
  return [
    heading('injection', paint),
    ...lines.flatMap((line) => wrap(line, width - 4)).map((line) => `    ${line}`),
  ];
}

/** A line for each metric of k6's that tells most. */
function k6({ k6 }: Summary, paint: Paint, width: number): string[] {
  const lines = k6 ? k6Lines(k6, width - 4) : [];
  return lines.length === 0 ? [] : [heading('k6', paint), ...lines.map((line) => `    ${line}`)];
}

function isps({ isps }: Summary, paint: Paint, width: number): string[] {
  if (isps.length === 0) return [];
  const head = [
    '',
    'recipients',
    'delivered',
    'throttled',
    'share',
    'deferred',
    'rejected',
    'attempts',
    'connections',
  ];
  const rows = isps.map((isp) => [
    isp.id,
    formatCount(isp.recipients),
    formatCount(isp.outcomes.delivered),
    formatCount(isp.throttled),
    formatShare(isp.throttled, isp.attempts),
    formatCount(isp.deferred),
    formatCount(isp.rejected),
    formatCount(isp.attempts),
    formatCount(isp.connectionsOpened),
  ]);
  return titled('ISPs', head, rows, paint, width);
}

/** A line for each incident at an ISP. */
function adaptation(summary: Summary, paint: Paint, width: number): string[] {
  const rows = incidentRows(summary).map(({ name, scores }) => [
    name,
    formatShareScore(scores.utilisation),
    formatShareScore(scores.wastedAttempts),
    formatTimeScore(scores.reactionSeconds),
    formatTimeScore(scores.recoverySeconds),
  ]);
  if (rows.length === 0) return [];
  return titled('incidents', ['', 'utilisation', 'wasted', 'reaction', 'recovery'], rows, paint, width);
}

/** A line for each fault of the MTA. */
function faults({ faults }: Summary, paint: Paint, width: number): string[] {
  if (faults.length === 0) return [];
  const head = ['', ...FAULT_COLUMNS.map(({ head }) => head)];
  const rows = faults.map((fault) => [
    `${fault.fault}: ${faultName(fault)}`,
    ...FAULT_COLUMNS.map(({ of }) => of(fault)),
  ]);
  return titled('faults', head, rows, paint, width);
}

/** A line for each kind of news at each ISP. */
function suppression({ suppression }: Summary, paint: Paint, width: number): string[] {
  if (!suppression) return [];
  const head = ['', ...SUPPRESSION_COLUMNS.map(({ head }) => head)];
  const rows = suppression.groups.map((group) => [
    groupText(group),
    ...SUPPRESSION_COLUMNS.map(({ of }) => of(group)),
  ]);
  return titled('suppression', head, rows, paint, width);
}

function conservation({ conservation, totals, evidence }: Summary, paint: Paint, width: number): string[] {
  const sum = conservation.reduce((all, { count }) => all + count, 0);
  const off = totals.injectedRecipients - sum;
  const rows = table(
    [
      ...conservation.map(({ outcome, count }) => [outcome, formatCount(count)]),
      ['injected', formatCount(totals.injectedRecipients)],
    ],
    ['left', 'right'],
  );
  const notes = conservation.map(({ notes }) =>
    notes
      .filter(({ count }) => count > 0)
      .map(({ name, count }) => `${formatCount(count)} ${name}`)
      .join(', '),
  );
  const balance =
    off === 0
      ? paint('green', 'the outcomes add up to it')
      : paint('red', `${formatCount(Math.abs(off))} too ${off > 0 ? 'few' : 'many'}`);
  return [
    heading('recipients', paint),
    ...rows.map((line, i) => {
      const outcome = conservation[i];
      if (!outcome) return `    ${line}  ${balance}`;
      const bad = outcome.count > 0 && (outcome.outcome === 'lost' || outcome.outcome === 'unaccounted');
      const note = notes[i] ? `  ${paint('dim', notes[i])}` : '';
      return `    ${bad ? paint('red', line) : line}${note}`;
    }),
    ...evidenceLines(evidence, width - 4).map((line) => `    ${paint('yellow', line)}`),
  ];
}

/** A line for each ISP of which anything came back. */
function feedback({ feedback }: Summary, paint: Paint, width: number): string[] {
  if (!feedback || feedback.isps.length === 0) return [];
  const head = ['', ...FEEDBACK_TOTALS.map(({ head }) => head)];
  const rows = feedback.isps.map((isp) => [
    isp.isp ?? 'unknown',
    ...FEEDBACK_TOTALS.map(({ of }) => of(isp)),
  ]);
  return [...titled('came back', head, rows, paint, width), ...findings('', feedback, paint, width).slice(1)];
}

/** Where the histories are, if something was lost or doubled. */
function evidenceLines(evidence: Evidence | null, width: number): string[] {
  const found = (evidence?.kinds ?? []).filter(({ count }) => count > 0);
  if (!evidence || !found.some(({ kind }) => kind === 'lost' || kind === 'duplicated')) return [];
  const counts = found.map(({ kind, count }) => `${formatCount(count)} ${kind}`).join(', ');
  return wrap(`histories in ${evidence.file} in the run's folder: ${counts}`, width);
}

/** What is not as it should be; where all is well, nothing is said. */
function findings(
  title: string,
  found: { readonly findings: readonly string[] } | null,
  paint: Paint,
  width: number,
): string[] {
  if (!found || found.findings.length === 0) return [];
  const lines = found.findings.flatMap((finding) =>
    wrap(finding, width - 6).map((line, i) => `    ${i === 0 ? paint('yellow', '!') : ' '} ${line}`),
  );
  return [heading(title, paint), ...lines];
}

function latency({ latency }: Summary, paint: Paint, width: number): string[] {
  if (latency.length === 0) return [];
  const rows = latency.map((l) => [
    l.name,
    ...[l.p50Ms, l.p90Ms, l.p99Ms, l.p999Ms, l.maxMs].map(formatMs),
    formatCount(l.count),
  ]);
  return titled('latency', ['', 'p50', 'p90', 'p99', 'p99.9', 'max', 'count'], rows, paint, width);
}

// --- layout ---

function heading(text: string, paint: Paint): string {
  return `  ${paint('bold', text)}`;
}

/** A table whose first heading is the section's title. Columns that don't fit are left out from the right. */
function titled(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  width: number,
): string[] {
  const cells = [
    [`  ${title}`, ...head.slice(1)],
    ...rows.map(([name, ...rest]) => [`    ${name}`, ...rest]),
  ];
  for (let columns = head.length; ; columns--) {
    const align = head.slice(0, columns).map((_, i): Align => (i === 0 ? 'left' : 'right'));
    const [first = '', ...rest] = table(cells, align);
    if (first.length > width && columns > 2) continue;
    return [`  ${paint('bold', title)}${paint('dim', first.slice(title.length + 2))}`, ...rest];
  }
}

function bar(share: number): string {
  const cells = 20;
  const full = Math.min(cells, Math.max(0, Math.round(share * cells)));
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)}`;
}
