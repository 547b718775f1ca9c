import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { withAdaptation } from '../../support/scores-fixture.ts';
import { emptyFixture, sessionsFixture, summaryFixture } from '../../support/summary-fixture.ts';

const { summary } = summaryFixture();

const NORMAL = `## ❌ Failed: gmail rate limit on one source

2 of 6 thresholds failed; first: wasted\\_attempts{isp:gmail}: rate is 10.7 %, 5.7 % above what rate&lt;0.05 asks (limit 5 %)

Haraka 3.3.4 · 1 min 44 s · sealed · clock ×60 · seed 42 · exit code 99

> ⚠️ The queue was not empty when the drain timed out; what was left in it is pending.

|  | threshold | asks | actual |
| --- | --- | --- | --: |
| ✅ | \`injection_duration\` | \`p(99)<250\` | 35.9 ms |
| ✅ | \`delivered{isp:yahoo,phase:incident}\` | \`rate>80\` | 89.1/s |
| ❌ | \`wasted_attempts{isp:gmail}\` | \`rate<0.05\` | **10.7 %** |
| ✅ | \`lost\` | \`count==0\` | 0 |
| ✅ | \`duplicated\` | \`count==0\` | 0 |
| ❌ | \`messages_per_connection{isp:outlook}\` | \`avg>20\` | **no samples** |

| injected | delivered | throttled attempts | p99 injection latency |
| --: | --: | --: | --: |
| **25,630** | **24,907** | **1,485** | **35.9 ms** |
| messages, 285/s | 97.2% of the recipients, 239/s | 5.6% of all attempts | p99 delivery 16 s |

| ISP | recipients | delivered | attempts | throttled | deferred | rejected | connections |
| --- | --: | --: | --: | --: | --: | --: | --: |
| Gmail | 12,815 | 12,259 (95.7%) | 13,930 | 1,485 (10.7%) | 21 | 165 | 1,161 |
| Yahoo | 7,690 | 7,604 (98.9%) | 7,690 | 0 (0%) | 0 | 86 | 641 |
| Outlook | 5,125 | 5,044 (98.4%) | 5,125 | 0 (0%) | 0 | 81 | 428 |

- ⚠️ What came back: yahoo: 2 × complaint was refused or given up.
- ⚠️ What came back: yahoo: 2 × auto-reply still waited at the end.
- ⚠️ What came back: outlook: 1 × unsubscribe was taken by the MTA and never came to the mailroom.

| ISP | incident | utilisation | wasted | reaction | recovery | drain | collateral |
| --- | --- | --: | --: | --: | --: | --: | --: |
| gmail | whole run | 91.2% | 5% |  |  |  |  |
| gmail | #1 ip-rate=20/m | 83% | 12% | 8.5 s | never | not reached | 0.4% |
| gmail | #3 ip-rate=20/m | not applicable | 12% | 8.5 s | 4 s | not reached | 0.4% |
| yahoo | whole run | 91.2% | 5% |  |  |  |  |
| yahoo | #2 a\\|b \\\`c\\\` | 83% | 12% | not applicable | never | not reached | 0.4% |
| outlook | whole run | 91.2% | 5% |  |  |  |  |

| came back | complaints | of accepted | due | sent | received | failed | waiting |
| --- | --: | --: | --: | --: | --: | --: | --: |
| gmail | 10 | 0.0816% | 12 | 12 | 12 | – | – |
| yahoo | 30 | 0.395% | 73 | 69 | 69 | 2 | 2 |
| outlook | 8 | 0.159% | 17 | 17 | 16 | – | – |
| unknown | – | – | – | – | 5 | – | – |

Run it again (windtunnel 0.1.0):

\`\`\`sh
windtunnel run scenarios/gmail-rate-limit.yaml --seed 42
\`\`\`
`;

test('summary.md: verdict, thresholds, four numbers, ISPs, scores, and how to run it again', () => {
  assert.equal(renderMarkdown(withAdaptation(summary)), NORMAL);
});

test('summary.md of an interrupted run in which nothing happened has no empty table', () => {
  assert.equal(
    renderMarkdown(emptyFixture().summary),
    `## ⏹️ Interrupted: gmail rate limit on one source

Interrupted; this is what was recorded until then.

none · 400 ms · sealed · clock ×60 · seed 42 · exit code 105

| injected | delivered | throttled attempts | p99 injection latency |
| --: | --: | --: | --: |
| **0** | **0** | **0** | **–** |
| messages, 0/s | – of the recipients, 0/s | – of all attempts | nothing was delivered |

Run it again (windtunnel 0.1.0):

\`\`\`sh
windtunnel run scenarios/gmail-rate-limit.yaml --seed 42
\`\`\`
`,
  );
});

test('summary.md of a run that holds sessions only shows sessions, and no ISPs', () => {
  const text = renderMarkdown(sessionsFixture().summary);
  assert.match(text, /\| sessions at once \| sessions in trouble \| NOOPs answered \| p99 of NOOP \|/);
  assert.doesNotMatch(text, /\| ISP \|/);
});

const texts: readonly [text: string, inText: string, inCode: string][] = [
  ['plain', 'plain', '`plain`'],
  ['a | b', 'a \\| b', '`a \\| b`'],
  ['`tick` and ``two``', '\\`tick\\` and \\`\\`two\\`\\`', '``` `tick` and ``two`` ```'],
  [
    '*b* _i_ ~s~ [l](x) #1 $m$ \\',
    '\\*b\\* \\_i\\_ \\~s\\~ \\[l\\](x) \\#1 \\$m\\$ \\\\',
    '`*b* _i_ ~s~ [l](x) #1 $m$ \\`',
  ],
  ['<img src=x> & more', '&lt;img src=x&gt; &amp; more', '`<img src=x> & more`'],
  ['- no\r\n\tlist\0', '\\- no list', '`- no list`'],
  ['1. no list', '1\\. no list', '`1. no list`'],
  ['12) no list', '12\\) no list', '`12) no list`'],
];
for (const [text, inText, inCode] of texts) {
  test(`summary.md has ${JSON.stringify(text)} as text, never as markup`, () => {
    const lines = renderMarkdown({
      ...summary,
      run: { ...summary.run, scenario: text },
      verdict: { ...summary.verdict, sentence: text },
      thresholds: [
        { metric: text, expression: text, passed: true, actual: 1, actualText: text, sentence: text },
      ],
    }).split('\n');
    assert.equal(lines[0], `## ❌ Failed: ${inText}`);
    assert.equal(lines[2], inText);
    assert.ok(lines.includes(`| ✅ | ${inCode} | ${inCode} | ${inText} |`), lines.join('\n'));
  });
}

test('a command with backticks does not end the block it stands in', () => {
  const command = "windtunnel run x.yaml --set 'name=```'";
  const text = renderMarkdown({ ...summary, run: { ...summary.run, command } });
  assert.ok(text.endsWith(`\n\`\`\`\`sh\n${command}\n\`\`\`\`\n`), text);
});
