/**
 * `junit.xml`: the verdict for CI servers. One suite a run; one case for the run itself, and one for each threshold. What
 * is used of the format is what both schemas of Jenkins allow (junit-4 and junit-10 of its xUnit plugin).
 */
import type { Summary, ThresholdResult } from './summary.ts';
import { titleOf } from './threshold-result.ts';

/** Renders `junit.xml`. A run that did not come to its end is an error, a threshold that does not hold a failure. */
export function renderJunit(summary: Summary): string {
  const { run, mta, thresholds, warnings } = summary;
  const seconds = run.durationSeconds.toFixed(3);
  const failures = thresholds.filter(({ passed }) => !passed).length;
  const trouble = troubleOf(summary);
  const counts = {
    tests: thresholds.length + 1,
    failures,
    errors: trouble === undefined ? 0 : 1,
    time: seconds,
  };
  const properties = {
    seed: run.seed,
    windtunnel: run.version,
    mta: mta.adapter,
    'mta version': mta.version,
    command: run.command,
    'scenario file': run.file,
    run: run.id,
    lab: run.lab,
    'clock scale': run.clockScale,
  };
  const suite = { name: run.scenario, ...counts, skipped: 0, timestamp: run.startedAt.slice(0, 19) };
  const itself = { classname: run.scenario, name: 'the run comes to its end', time: seconds };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('testsuites', { name: 'windtunnel', ...counts }),
    ` ${open('testsuite', suite)}`,
    '  <properties>',
    ...Object.entries(properties).map(([name, value]) => `   ${element('property', { name, value })}`),
    '  </properties>',
    `  ${element('testcase', itself, trouble)}`,
    ...thresholds.map((threshold) => `  ${caseOf(threshold, run.scenario)}`),
    ...(warnings.length === 0 ? [] : [`  ${element('system-out', {}, asContent(warnings.join('\n')))}`]),
    ' </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** The `error` of a run that did not come to its end: interrupted, aborted, or the lab or the MTA failed. */
function troubleOf({ verdict, run }: Summary): string | undefined {
  const judged = verdict.exitCode === 0 || verdict.exitCode === 99;
  if (judged && !run.aborted) return undefined;
  const type = run.aborted ? 'aborted' : run.interrupted ? 'interrupted' : 'failed';
  return element('error', { type, message: verdict.sentence }, `exit code ${verdict.exitCode}`);
}

function caseOf(threshold: ThresholdResult, scenario: string): string {
  const { expression, passed, actualText, sentence } = threshold;
  const attributes = { classname: scenario, name: `${titleOf(threshold)}: ${expression}` };
  if (passed) return element('testcase', attributes);
  const body = asContent(`expected: ${expression}\nactual: ${actualText}`);
  return element('testcase', attributes, element('failure', { type: 'threshold', message: sentence }, body));
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element; `content` is markup. */
function element(name: string, attributes: Attributes, content = ''): string {
  const start = open(name, attributes);
  return content === '' ? `${start.slice(0, -1)}/>` : `${start}${content}</${name}>`;
}

function open(name: string, attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${asValue(String(value))}"`);
  return `<${name}${pairs.join('')}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

/** Text as content. What XML can't hold at all (XML 1.0 section 2.2) becomes U+FFFD. */
function asContent(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[<>&"]/g, (character) => ENTITIES[character] as string);
}

/** Text as a quoted value. Tabs and ends of lines are references, or a reader would make them blanks (section 3.3.3). */
function asValue(text: string): string {
  return asContent(text).replace(/[\t\n\r]/g, (blank) => `&#${blank.charCodeAt(0)};`);
}
