import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderJunit } from '../../../src/report/junit.ts';
import type { Summary } from '../../../src/report/summary.ts';
import { junitFaults } from '../../support/junit.ts';
import { emptyFixture, sessionsFixture, summaryFixture } from '../../support/summary-fixture.ts';

const normal = summaryFixture().summary;
const evil = `<&>"' ]]> --> tab:\t line:\r\n bell:\u0007 null:\0 lone:\ud800 not:\uffff fine:\u{1f4ec}é`;
const escapedValue =
  "&lt;&amp;&gt;&quot;' ]]&gt; --&gt; tab:&#9; line:&#13;&#10; bell:\ufffd null:\ufffd lone:\ufffd not:\ufffd fine:\u{1f4ec}é";

const withVerdict = (verdict: Summary['verdict'], interrupted = false): Summary => ({
  ...normal,
  verdict,
  run: { ...normal.run, interrupted },
});

const cases: readonly {
  readonly name: string;
  readonly summary: Summary;
  readonly counts: string;
  readonly lines: readonly string[];
}[] = [
  {
    name: 'a run with two failed thresholds: a failure each, with the sentence and the actual value',
    summary: normal,
    counts: 'tests="7" failures="2" errors="0"',
    lines: [
      '   <property name="seed" value="42"/>',
      '   <property name="windtunnel" value="0.1.0"/>',
      '   <property name="mta" value="haraka"/>',
      '   <property name="mta version" value="Haraka 3.3.4"/>',
      '   <property name="command" value="windtunnel run scenarios/gmail-rate-limit.yaml --seed 42"/>',
      '  <testcase classname="gmail rate limit on one source" name="the run comes to its end" time="104.000"/>',
      '  <testcase classname="gmail rate limit on one source" name="lost: count==0"/>',
      '  <testcase classname="gmail rate limit on one source" name="messages_per_connection{isp:outlook}: avg&gt;20"><failure type="threshold" message="messages_per_connection{isp:outlook}: no samples, not as avg&gt;20 asks">expected: avg&gt;20',
      'actual: no samples</failure></testcase>',
      '  <system-out>The queue was not empty when the drain timed out; what was left in it is pending.</system-out>',
    ],
  },
  {
    name: 'a run without thresholds: one case, that it came to its end',
    summary: {
      ...normal,
      thresholds: [],
      warnings: [],
      verdict: { passed: true, exitCode: 0, sentence: '' },
    },
    counts: 'tests="1" failures="0" errors="0"',
    lines: [
      '  <testcase classname="gmail rate limit on one source" name="the run comes to its end" time="104.000"/>',
    ],
  },
  {
    name: 'an interrupted run: an error, though no threshold failed',
    summary: emptyFixture().summary,
    counts: 'tests="1" failures="0" errors="1"',
    lines: [
      '  <testcase classname="gmail rate limit on one source" name="the run comes to its end" time="0.400"><error type="interrupted" message="Interrupted; this is what was recorded until then.">exit code 105</error></testcase>',
    ],
  },
  {
    name: 'a run whose MTA died: an error, beside the thresholds that failed',
    summary: withVerdict({
      passed: false,
      exitCode: 106,
      sentence: 'The MTA ended during the run: signal SIGKILL',
    }),
    counts: 'tests="7" failures="2" errors="1"',
    lines: [
      '  <testcase classname="gmail rate limit on one source" name="the run comes to its end" time="104.000"><error type="failed" message="The MTA ended during the run: signal SIGKILL">exit code 106</error></testcase>',
    ],
  },
  {
    name: 'a run that a threshold aborted: an error, and the failure of the threshold',
    summary: {
      ...withVerdict({ passed: false, exitCode: 99, sentence: 'Aborted after 12 s: lost: count is 1' }),
      run: { ...normal.run, aborted: true },
    },
    counts: 'tests="7" failures="2" errors="1"',
    lines: [
      '  <testcase classname="gmail rate limit on one source" name="the run comes to its end" time="104.000"><error type="aborted" message="Aborted after 12 s: lost: count is 1">exit code 99</error></testcase>',
    ],
  },
  {
    name: 'a run that holds sessions only',
    summary: sessionsFixture().summary,
    counts: 'tests="2" failures="0" errors="0"',
    lines: [
      '  <testcase classname="gmail rate limit on one source" name="injection_connections: max&gt;=2000"/>',
    ],
  },
  {
    name: 'texts with all that XML minds, and what it can not hold',
    summary: {
      ...normal,
      run: { ...normal.run, scenario: evil, command: evil, file: evil },
      mta: { ...normal.mta, version: evil },
      warnings: [evil],
      thresholds: [
        {
          metric: evil,
          expression: evil,
          passed: false,
          actual: null,
          actualText: evil,
          sentence: evil,
        },
      ],
    },
    counts: 'tests="2" failures="1" errors="0"',
    lines: [
      ` <testsuite name="${escapedValue}" tests="2" failures="1" errors="0" time="104.000" skipped="0" timestamp="2026-07-14T09:30:00">`,
      `   <property name="command" value="${escapedValue}"/>`,
    ],
  },
];

for (const { name, summary, counts, lines } of cases) {
  test(`junit.xml: ${name}`, async () => {
    const xml = renderJunit(summary);
    assert.deepEqual(await junitFaults(xml), []);
    assert.ok(xml.includes(`<testsuites name="windtunnel" ${counts} `), xml);
    for (const line of lines)
      assert.ok(xml.split('\n').includes(line), `expected this line:\n${line}\nin\n${xml}`);
    const found = [/<testcase /g, /<failure /g, /<error /g].map((tag) => xml.match(tag)?.length ?? 0);
    assert.equal(counts, `tests="${found[0]}" failures="${found[1]}" errors="${found[2]}"`);
  });
}

test('the schema refuses what Jenkins would not read', async () => {
  const xml = renderJunit(normal);
  const broken: readonly [string, string][] = [
    ['</testsuites>', ''],
    ['tests="7"', 'tests="seven"'],
    [' failures="2"', ''],
    ['<properties>', '<properties><seed/>'],
    ['<failure ', '<skipped/><failed/><failure '],
    ['time="104.000"', 'time="1 min"'],
  ];
  for (const [from, to] of broken) {
    assert.ok(xml.includes(from), from);
    assert.notDeepEqual(await junitFaults(xml.replace(from, to)), [], `${from} → ${to}`);
  }
});
