import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChartPage } from '../../../../src/report/html/chart-spec.ts';
import { renderHtml } from '../../../../src/report/html/page.ts';
import type {
  AdaptationSummary,
  Evidence,
  IncidentScores,
  ReturnedReports,
  Summary,
} from '../../../../src/report/summary.ts';
import { oddSources, trueLog } from '../../../support/sources-fixture.ts';
import {
  emptyFixture,
  largeFixture,
  type ReportFixture,
  sessionsFixture,
  summaryFixture,
} from '../../../support/summary-fixture.ts';

const EVIL = '<script>alert(1)</script>';

function pageOf({ summary, series, dialogues }: ReportFixture): string {
  return renderHtml(summary, series, dialogues);
}

/** The page without what the project itself puts into it: styles and scripts. */
function withoutScripts(page: string): string {
  return page.replaceAll(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
}

/** The text of a table's rows, cells separated by a bar. */
function rowsOf(page: string, label: string): string[] {
  const table = page.split(`aria-label="${label}"`)[1]?.split('</table>')[0] ?? '';
  return [...table.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    row
      .replaceAll(/<\/t[hd]>/g, '|')
      .replaceAll(/<[^>]+>/g, '')
      .trim(),
  );
}

/** Puts a text in place of every string in a value. */
function everyText<T>(value: T, text: string): T {
  return JSON.parse(JSON.stringify(value), (_, v) => (typeof v === 'string' ? text : v)) as T;
}

test('everything that comes from outside is escaped', () => {
  const { summary, series, dialogues } = summaryFixture();
  // Outcome, class, mark and kind are words of the contract; all else is anything.
  const words = new Set(['delivered', 'bounced', 'expired', 'pending', 'lost', 'unaccounted']);
  const evil = JSON.parse(JSON.stringify(summary), (key, v) =>
    typeof v !== 'string' ||
    words.has(v) ||
    ['kind', 'class', 'mark', 'lab'].includes(key) ||
    (key === 'name' && v === 'incident')
      ? v
      : EVIL,
  ) as Summary;
  const page = renderHtml(evil, everyText(series, EVIL), everyText(dialogues, EVIL));
  assert.ok(!withoutScripts(page).includes('<script'));
  assert.equal(page.match(/<script/g)?.length, 4, 'the data and three scripts of the page');
  assert.equal(page.match(/<\/script>/g)?.length, 4);
  assert.ok(page.includes('<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>'));
});

test('the page loads nothing: no address in any attribute, and a policy that forbids the rest', () => {
  for (const fixture of [summaryFixture(), emptyFixture(), largeFixture(200)]) {
    const page = withoutScripts(pageOf(fixture));
    const addresses = [
      ...page.matchAll(/\s(?:src|href|srcset|action|data|poster|background)\s*=\s*"([^"]*)"/g),
    ];
    assert.ok(addresses.length > 3);
    for (const [attribute, address] of addresses) {
      assert.ok(address?.startsWith('#') || address?.startsWith('data:'), attribute);
    }
    assert.ok(!/url\(|@import/.test(pageOf(fixture).match(/<style>[\s\S]*?<\/style>/)?.[0] ?? ''));
    assert.ok(page.includes(`content="default-src &#39;none&#39;;`));
  }
});

test('every link leads somewhere, and no id is there twice', () => {
  const page = withoutScripts(pageOf(largeFixture(50)));
  const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id as string);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g))
    assert.ok(ids.includes(target as string), target);
});

test('a run of ten minutes against 12 ISPs stays below 2 MB', () => {
  assert.ok(pageOf(largeFixture(600)).length < 2_000_000);
});

test('the data of the charts has a place and values for each of them', () => {
  for (const [fixture, buckets] of [
    [summaryFixture(), 104],
    [emptyFixture(), 1],
    [sessionsFixture(), 104],
    [largeFixture(2500), 834],
  ] as const) {
    const page = pageOf(fixture);
    const json = /<script type="application\/json" id="chart-data">(.*?)<\/script>/.exec(page)?.[1] ?? '';
    const data = JSON.parse(json) as ChartPage;
    assert.equal(data.columns.t?.length, buckets);
    for (const { id, size, x, series } of data.charts) {
      assert.ok(page.includes(`<figure class="chart${size === 'small' ? ' small' : ''}" id="${id}">`), id);
      const { length } = data.columns[x] ?? [];
      assert.ok(size === 'full' || (length ?? 0) <= 150, id);
      for (const { column } of series) assert.equal(data.columns[column]?.length, length, column);
    }
  }
});

test('each chart is told in words', () => {
  const page = pageOf(summaryFixture());
  const labels = [...page.matchAll(/role="img" tabindex="0" aria-label="([^"]*)"/g)].map(
    ([, label]) => label,
  );
  assert.equal(labels.length, 32);
  assert.ok(
    labels[0]?.startsWith(
      'Adaptation at Gmail: recipient attempts a second. 13,930 attempts: 12,259 accepted',
    ),
  );
});

test('the tables hold the results', () => {
  const page = pageOf(summaryFixture());
  assert.deepEqual(rowsOf(page, 'Recipients by outcome'), [
    'outcome|recipients|share|meaning|of these|',
    'delivered|24,907|97.2%|an ISP answered 250 for it||',
    'bounced|332|1.3%|5xx, and reported or gone from the queue|3 without a DSN|',
    'expired|0|0%|never a 250 or 5xx, given up with a DSN||',
    'pending|391|1.5%|still in the queue at the end||',
    'lost|0|0%|gone from the queue without a word||',
    'unaccounted|0|0%|its end can’t be known||',
    'injected|25,630||✓ the outcomes add up to it||',
  ]);
  assert.deepEqual(rowsOf(page, 'ISPs side by side'), [
    'ISP|recipients|delivered|attempts|throttled|deferred|rejected|connections|refused|',
    'Gmail|12,815|12,259 95.7%|13,930|1,485 10.7%|21 0.2%|165 1.2%|1,161|31|',
    'Yahoo|7,690|7,604 98.9%|7,690|0 0%|0 0%|86 1.1%|641|0|',
    'Outlook|5,125|5,044 98.4%|5,125|0 0%|0 0%|81 1.6%|428|0|',
  ]);
  assert.match(renderHtml(summaryFixture().summary, summaryFixture().series), /wording, by example/);
});

test('what came back, how far each kind has come, and who complained too much', () => {
  const { summary, series } = summaryFixture();
  const page = renderHtml(summary, series);
  assert.deepEqual(rowsOf(page, 'Complaint rates'), [
    'ISP|accepted|complaints|rate|',
    'Gmail|12,259|10|0.0816%|',
    'Yahoo|7,604|30|0.395% ✗|',
    'Outlook|5,044|8|0.159%|',
  ]);
  assert.deepEqual(rowsOf(page, 'What came back, by ISP and kind'), [
    'ISP and kind|happened|due|sent|received|failed|waiting|tries|came after|passed on in|',
    'Gmail: complaint|10|0|0|0|–|–|–|–|–|',
    'Gmail: bounce|12|12|12|12|–|–|12|2.41 s|18.4 ms|',
    'Yahoo: complaint|30|30|28|28|2|–|39|2.41 s|18.4 ms|',
    'Yahoo: withdrawal|3|3|3|3|–|–|3|2.41 s|18.4 ms|',
    'Yahoo: auto-reply|40|40|38|38|–|2|38|2.41 s|18.4 ms|',
    'Yahoo: trap|1|–|–|–|–|–|–|–|–|',
    'Outlook: complaint|8|8|8|8|–|–|8|2.41 s|18.4 ms|',
    'Outlook: unsubscribe|9|9|9|8|–|–|9|2.41 s|18.4 ms|',
    'not known whose: malformed|0|0|0|5|–|–|–|–|–|',
  ]);
  assert.ok(page.includes('yahoo: 2 × complaint was refused or given up.'));
  assert.ok(page.includes('Complaints at Yahoo, and what it allowed'));
  const { feedback } = summary;
  const fine = { ...summary, feedback: feedback && { ...feedback, findings: [] } };
  const allWell = 'all that was due was sent, and all that was sent was received';
  assert.deepEqual(
    [page, renderHtml(fine, series)].map((one) => one.includes(allWell)),
    [false, true],
  );
  // Nothing is said of a scenario that asks for nothing.
  assert.ok(!renderHtml({ ...summary, feedback: null }, series).includes('id="feedback"'));
});

test('the side of the driver: how its connections fared, and what its refusals mean', () => {
  const { summary, series } = summaryFixture();
  const page = renderHtml(summary, series);
  assert.deepEqual(rowsOf(page, 'Refusals by code'), [
    'reply|meaning|count|share|',
    '451|local error; may be tried again|3|50%|',
    '421|service not available, connection closed; may be tried again|2|33.3%|',
    '554|no service here, or transaction failed; for good|1|16.7%|',
  ]);
  assert.deepEqual(rowsOf(page, 'Loads'), [], 'one load needs no table');
  assert.ok(page.includes('The driver held at most 40 (at 0 s); at the ISPs were at most'));
  const [load] = summary.injector.loads;
  assert.ok(load);
  const late = { ...load, name: 'late', text: 'constant-vus from 8 s', injected: 12, failed: 3, dropped: 4 };
  const two = { ...summary.injector, loads: [load, late] };
  assert.deepEqual(rowsOf(renderHtml({ ...summary, injector: two }, series), 'Loads'), [
    'load|what it does|connections|injected|failed|never begun|',
    'default|constant-arrival-rate, 90 s, 40 connections|42|25,630|0|0|',
    'late|constant-vus from 8 s|42|12|3|4|',
  ]);
});

test('an injection in which all went well is a line', () => {
  const { summary, series } = summaryFixture();
  const injector = {
    ...summary.injector,
    refused: 0,
    lost: 0,
    deferredInjections: 0,
    refusals: [],
  };
  const page = renderHtml({ ...summary, injector }, series);
  assert.ok(
    page.includes('<p>constant-arrival-rate, 90 s, 40 connections; 42 opened, at most 40 at once.</p>'),
  );
  assert.ok(!page.includes('chart-connections'));
});

test('a run that only holds sessions has no table or chart of mail', () => {
  const page = withoutScripts(pageOf(sessionsFixture()));
  const titles = [...page.matchAll(/<h[23][^>]*>([^<]*)/g)].map(([, title]) => title?.trim());
  assert.deepEqual(titles, [
    'Thresholds',
    'Connections open',
    'Injection',
    'What the driver was refused with',
    'ISPs',
    'Latency',
    'Latency by percentile',
    'MTA under test',
    'The harness itself',
    'Machine',
    'All metrics',
    'Run it again',
  ]);
  const tiles = page
    .split('<dl class="tiles">')[1]
    ?.split('</dl>')[0]
    ?.replaceAll(/<[^>]+>/g, '|');
  assert.deepEqual(
    tiles?.split('|').filter((text) => text !== ''),
    [
      ...['sessions at once', '2,000', '2,000 opened'],
      ...['sessions in trouble', '7', '7 refused, 0 failed, 0 lost'],
      ...['NOOPs answered', '60,000', 'every one that was sent'],
      ...['p99 of NOOP', '38 ms', 'p99 to connect 37 ms'],
    ],
  );
  assert.deepEqual(rowsOf(page, 'Sessions by ISP'), [
    'ISP|connections|refused|refused with|',
    'Gmail|2,007|7 0.3%|421 ip-rate × 7|',
    'Yahoo|0|0 –||',
    'Outlook|0|0 –||',
  ]);
  assert.ok(page.includes('at most 49.2 KiB (96 MiB for 2,000)'));
});

test('the harness tells how busy each of its workers was, and why it may have set the pace', () => {
  const { summary, series } = summaryFixture();
  const page = renderHtml(summary, series);
  assert.deepEqual(rowsOf(page, 'Load of the harness by worker'), [
    'worker|CPU mean|CPU mean as a bar|CPU max|loop in use max|loop delay median|loop delay max|seconds busy|memory max|',
    'lab|12%||20%|20%|800 µs|3.1 ms|0|82 MiB|',
    'driver|31%||50%|60%|3 ms|11.8 ms|0|96 MiB|',
    'isps|22%||30%|40%|1.6 ms|6.4 ms|0|90 MiB|',
  ]);
  assert.ok(page.includes('The harness kept up: the MTA and the ISPs set the pace.'));
  const limits = [
    'The harness’s driver had no time to spare for 12 of 60 s (its event loop up to 100% in use, with up to 98% of a core), so it may have set the pace.',
  ];
  const limited = renderHtml({ ...summary, harness: { ...summary.harness, limits } }, series);
  assert.ok(limited.includes(`✗</span> ${limits[0]}</p>`));
});

test('metrics are in their own units', () => {
  assert.deepEqual(
    rowsOf(pageOf(summaryFixture()), 'Values of all metrics').map((row) =>
      row.split('|').slice(0, 3).join('|'),
    ),
    [
      'metric|kind|values',
      'delivered|counter|count 24,907 rate 239/s ',
      'wasted_attempts|rate|rate 5.6% of 1,485 / 26,745 ',
      'queue_depth|gauge|value 391 min 0 max 4,588 ',
      'injection_duration|trend|avg 9.4 ms min 1.9 ms med 6.2 ms p90 18.4 ms p95 23.6 ms p99 35.9 ms max 77.9 ms ',
    ],
  );
});

test('outcomes that do not add up are said', () => {
  const { summary, series } = summaryFixture();
  const totals = { ...summary.totals, injectedRecipients: 25_640 };
  assert.ok(renderHtml({ ...summary, totals }, series).includes('the outcomes add up to 25,630, 10 too few'));
});

test('states without data are said in words', () => {
  const page = pageOf(emptyFixture());
  for (const words of [
    '>Interrupted<',
    'The scenario sets none, so nothing could fail.',
    'No ISP took part in this run.',
    'Nothing was injected, so there is no latency.',
    'there was no MTA and no queue',
    'Nothing was measured.',
  ]) {
    assert.ok(page.includes(words), words);
  }
});

test('many sources are folded, and a merged timeline is said', () => {
  const page = pageOf(largeFixture(2500));
  assert.ok(page.includes('<summary>56 more</summary>'));
  assert.ok(page.includes('The run has 2,500 buckets; the charts draw 3 as one. timeline.csv has them all.'));
});

test('the thresholds say words, and what a limit relative to a baseline came to', () => {
  const { summary, series } = summaryFixture();
  const [first] = summary.thresholds;
  assert.ok(first);
  const thresholds = [
    { ...first, expression: 'rate>=0.95*baseline', limitText: '0.95 × 1,234/s = 1,172/s' },
    { ...first, passed: false, actual: null, actualText: 'never' },
  ];
  const page = renderHtml({ ...summary, thresholds }, series);
  assert.ok(page.includes('<code>rate&gt;=0.95*baseline</code><br><small>0.95 × 1,234/s = 1,172/s</small>'));
  assert.ok(page.includes('<td class="n actual">never</td>'));
});

test('the recipients in question are told by kind, folded, with the first histories of each', () => {
  const { summary, series } = summaryFixture();
  const page = withoutScripts(pageOf({ summary, series }));
  const panel = (page.split('Recipients in question')[1] ?? '').split('</section>')[0] ?? '';
  assert.ok(panel.includes('has the histories of 394 recipients, a line each.'));
  assert.deepEqual(
    [...panel.matchAll(/<details class="kind"><summary><b>(\w+)<\/b> (\d+)/g)].map(([, ...found]) => found),
    [
      ['missing_dsn', '3'],
      ['pending', '391'],
    ],
  );
  assert.equal(panel.match(/<details class="history">/g)?.length, 5);
  assert.ok(!panel.includes(' open'));
  assert.ok(panel.includes('and 389 more'));
  assert.ok(panel.includes('<code>u12001.0@gmail.com</code>'));

  const cases: [Partial<Evidence> | null, string, boolean][] = [
    [null, 'Recipients in question', false],
    [{ histories: 0 }, 'Recipients in question', false],
    [{ incomplete: 2 }, '2 lack records', true],
    [{ histories: 1 }, 'has the history of one recipient', true],
  ];
  for (const [about, text, shown] of cases) {
    const evidence = about && { ...(summary.evidence as Evidence), ...about };
    assert.equal(pageOf({ summary: { ...summary, evidence }, series }).includes(text), shown, text);
  }
});

test('the scores stand in tables, words in place of numbers, each with its meaning', () => {
  const page = pageOf(summaryFixture());
  assert.deepEqual(rowsOf(page, 'Adaptation scores over the run'), [
    'ISP|utilisation|wasted attempts|blocked attempts|penalty time|oscillation|capacity|',
    'Gmail|95.7%|11.3%|0|0 s|0.31|220/s|',
    'Yahoo|98.9%|0%|0|0 s|not applicable|89/s|',
    'Outlook|98.4%|0%|0|0 s|not applicable|60/s|',
  ]);
  assert.deepEqual(rowsOf(page, 'Scores in incident 1 at Gmail'), [
    'source|utilisation|wasted attempts|reaction time|first backoff|overshoot|recovery time|drain time|collateral|',
    'all together|99.6%|54.6%|28 s|2 s|1,502 ×5.15|18 s|not reached|1.2%|',
    '198.18.128.1|100%|55.3%|30 s|2 s|781 ×5.2|18 s|not reached|not applicable|',
    '198.18.128.2|99.2%|53.8%|never|2 s|439 ×5.08|18 s|not reached|not applicable|',
    '2001:2:0:1::1|99.2%|54%|not applicable|not applicable|291|not reached|not reached|not applicable|',
  ]);
  for (const [, id] of page.matchAll(/aria-describedby="([^"]*)"/g)) {
    assert.match(page.split(`id="${id}">`)[1] ?? '', /^[^<]{20,}</, id);
  }
});

test('without sources the scores are by incident', () => {
  const { summary, series } = summaryFixture();
  const adaptation = summary.adaptation.filter(({ source }) => source === null);
  assert.deepEqual(rowsOf(renderHtml({ ...summary, adaptation }, series), 'Scores by incident at Gmail'), [
    'incident|utilisation|wasted attempts|reaction time|first backoff|overshoot|recovery time|drain time|collateral|',
    'ip-rate 40/s for 198.18.128.1 20 to 50 s|99.6%|54.6%|28 s|2 s|1,502 ×5.15|18 s|not reached|1.2%|',
  ]);
});

test('first comes the ISP that the MTA made the least of, one with an incident if there is any, with its four scores', () => {
  const { summary, series } = summaryFixture();
  const scoresOf = (page: string): string | undefined =>
    page
      .split('<dl class="scores">')[1]
      ?.split('</dl>')[0]
      ?.replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim();
  const first = (page: string): string | undefined => /id="overview-([^"]*)"/.exec(page)?.[1];
  const page = renderHtml(summary, series);
  assert.equal(first(page), 'gmail');
  assert.equal(
    scoresOf(page),
    'utilisation 95.7% wasted attempts 11.3% reaction time 28 s recovery time 18 s',
  );
  const [gmail, ...others] = summary.adaptation as [AdaptationSummary, ...AdaptationSummary[]];
  const worse = others.map((one) => (one.isp === 'yahoo' ? { ...one, utilisation: 0.2 } : one));
  assert.equal(first(renderHtml({ ...summary, adaptation: [gmail, ...worse] }, series)), 'gmail');
  const calm = [{ ...gmail, incidents: [] }, ...worse];
  const atYahoo = renderHtml({ ...summary, adaptation: calm }, series);
  assert.equal(first(atYahoo), 'yahoo');
  assert.equal(
    scoresOf(atYahoo),
    'utilisation 20% wasted attempts 0% reaction time not applicable recovery time not applicable',
  );
  const second = {
    ...gmail.incidents[0],
    incident: 2,
    reactionSeconds: 'never',
    recoverySeconds: 3,
  } as IncidentScores;
  const twice = { ...gmail, incidents: [...gmail.incidents, second] };
  assert.equal(
    scoresOf(renderHtml({ ...summary, adaptation: [twice, ...others] }, series)),
    'utilisation 95.7% wasted attempts 11.3% reaction time never incident 2 recovery time 18 s incident 1',
  );
  const unscored = renderHtml({ ...summary, adaptation: [] }, series);
  assert.equal(first(unscored), 'gmail', 'which throttled most');
  assert.equal(scoresOf(unscored), undefined);
});

test('what the ISPs found out about the senders, and how many messages each connection carried', () => {
  const page = pageOf(summaryFixture());
  assert.deepEqual(rowsOf(page, 'Authentication by ISP'), [
    'ISP|it looks at|looked at|nothing wrong|could not be judged|faults by the ISP’s rule|',
    'Gmail|a sample|180|175 97.2%|1|no-spf × 4|',
    'Yahoo|a sample|180|175 97.2%|1|no-spf × 4|',
  ]);
  assert.deepEqual(rowsOf(page, 'Messages on each connection'), [
    'ISP|1|2|3–5|6–10|11–20|connections|',
    'Gmail|12 1%|· |31 2.7%|208 17.9%|910 78.4%|1,161|',
    'Yahoo|12 1.9%|· |31 4.8%|208 32.4%|390 60.8%|641|',
    'Outlook|12 2.8%|· |31 7.2%|208 48.6%|177 41.4%|428|',
  ]);
});

test('dialogues are folded, with what came of them, and what was refused stands out', () => {
  const page = pageOf(summaryFixture());
  const dialogues = [...page.matchAll(/<details class="file dialogue">([\s\S]*?)<\/details>/g)].map(([, d]) =>
    (d ?? '').replaceAll(/<(?!b|\/b)[^>]+>/g, ''),
  );
  assert.deepEqual(
    dialogues.map((text) => text.split('\n')[0]?.trim()),
    [
      'accepted 250 2.0.0 from 198.18.128.1, at 0 s, 9 lines',
      'accepted 250 2.0.0 throttled 421 4.7.28 dropped from 198.18.128.2, at 20 s, 5 lines',
    ],
  );
  const lines = dialogues[1]?.split('\n');
  assert.equal(lines?.[2], '  1204 ms     120 lines left out');
  assert.equal(
    lines?.[4],
    '  1204 ms  <b>S: 421 4.7.28 unsolicited mail originating from your IP address. - gsmtp</b>',
  );
  assert.ok(!renderHtml(summaryFixture().summary, summaryFixture().series).includes('Dialogues with'));
});

test('where mail left from: by virtual MTA what was asked and seen, by address what came of it', () => {
  const { summary, series } = summaryFixture();
  const even = renderHtml(summary, series);
  assert.match(even, /spread as asked for, and every retry left from the virtual MTA of the first attempt/);
  const page = renderHtml({ ...summary, sources: oddSources(summary.isps, summary.mta.sources) }, series);
  assert.doesNotMatch(page, /spread as asked for, and every retry/);
  assert.deepEqual(rowsOf(page, 'Virtual MTAs at Gmail'), [
    'virtual MTA|asked|by chance|seen|apart|attempts|accepted|throttled|deferred|rejected|connections|',
    'vmta1 198.18.128.1|33.3%|30% to 36.7%|40%|+6.7|360|324|36|0|0|3|',
    'vmta2 198.18.128.2|33.3%|30% to 36.7%|33.3%|+0.0|4,643|4,179|464|0|0|3|',
    'vmta3 2001:2:0:1::1|33.3%|30% to 36.7%|33.3%|+0.0|4,643|4,179|464|0|0|3|',
    'dual|–|–|33.3%|–|36|32|4|0|0|6|',
    '198.18.128.9|||2%||18|16|2|0|0|3|',
    '2001:2:0:1::9|||2%||18|16|2|0|0|3|',
  ]);
  const text = page.replaceAll(/<[^>]+>/g, '');
  assert.match(
    text,
    /Of 340 retries 20 left from another address than the first attempt, 12 of them from another virtual MTA\. 4 attempts came from addresses that no virtual MTA has\./,
  );
  assert.match(text, /dark can’t reach it: 132 recipients asked for it; 132 expired\./);
  assert.match(text, /Of bulk, dark can’t reach it; the others took its part\./);
});

test('many virtual MTAs are folded, but for those that are off', () => {
  const { summary, series } = summaryFixture();
  const addresses = Array.from({ length: 64 }, (_, i) => `198.18.128.${i}`);
  const page = renderHtml({ ...summary, sources: oddSources(summary.isps, addresses) }, series);
  assert.equal(rowsOf(page, 'Virtual MTAs at Gmail').length, 2, 'its head and vmta1');
  assert.equal(rowsOf(page, 'Virtual MTAs at Gmail, as asked for').length, 1 + 63 + 3);
  assert.match(
    page,
    /64 virtual MTAs as asked for <small>1\.6% to 1\.6% each|64 virtual MTAs as asked for <small>1\.6% each/,
  );
});

test('with one source, or without an MTA, there is nothing to say of sources', () => {
  const { summary, series } = summaryFixture();
  const one = { ...summary, mta: { ...summary.mta, sources: ['198.18.128.1'] } };
  for (const less of [one, { ...summary, sources: null }])
    assert.doesNotMatch(renderHtml(less, series), /id="sources"/);
});

test("the MTA's own log stands beside what the ISPs saw, and where they differ stands out", () => {
  const { summary, series } = summaryFixture();
  const log = trueLog(summary.isps);
  const [gmail, ...others] = log.isps;
  assert.ok(gmail);
  const page = renderHtml(
    {
      ...summary,
      ownLog: {
        ...log,
        unreadable: 2,
        findings: ['gmail: a lie'],
        isps: [{ ...gmail, falselyDelivered: 3 }, ...others],
      },
    },
    series,
  );
  assert.equal(rowsOf(page, 'The MTA’s log beside the ISPs')[1], 'gmail|12,259|12,259|165|165|3|0|0|0|');
  assert.match(page, /<b class="failed">3<\/b>/);
  assert.match(page, /gmail: a lie/);
  assert.match(
    page,
    /1,234 entries about recipients of this run; 3 about other mail, such as DSNs, 2 that could not be read\./,
  );
  assert.match(renderHtml({ ...summary, ownLog: null }, series), /The MTA tells nothing in a log of its own/);
  assert.doesNotMatch(page, /Reports that were sent to the MTA/);
});

test('whether the MTA has read the reports that were sent to it', () => {
  const { summary, series } = summaryFixture();
  const returned: ReturnedReports[] = [
    { kind: 'complaint', sent: 1200, processed: 1195, unasked: 0 },
    { kind: 'withdrawal', sent: 20, processed: null, unasked: 0 },
    { kind: 'bounce', sent: 0, processed: 0, unasked: 2 },
  ];
  const page = renderHtml({ ...summary, ownLog: { ...trueLog(summary.isps), returned } }, series);
  assert.deepEqual(rowsOf(page, 'Reports that were sent to the MTA').slice(1), [
    'complaint|1,200|1,195|5|0|',
    'withdrawal|20|it does not tell||0|',
    'bounce|0|0|0|2|',
  ]);
});
