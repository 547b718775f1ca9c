import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { renderHtml } from '../../src/report/html/page.ts';
import { allDrawn, openBrowser } from '../support/browser.ts';
import {
  emptyFixture,
  largeFixture,
  type ReportFixture,
  sessionsFixture,
  summaryFixture,
} from '../support/summary-fixture.ts';
import { until } from '../support/until.ts';

interface OpenReport {
  readonly page: Page;
  readonly url: string;
  /** Errors on the console and requests, in their order. */
  readonly errors: readonly string[];
  readonly requests: readonly string[];
}

/** Opens a fixture's report from a file, as users do; undefined where there is no browser. */
async function open(
  t: TestContext,
  { summary, series, dialogues }: ReportFixture,
  options: BrowserContextOptions = { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
): Promise<OpenReport | undefined> {
  const browser = await openBrowser(t);
  if (!browser) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'report.html');
  writeFileSync(file, renderHtml(summary, series, dialogues));
  const page = await browser.newPage(options);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url);
  await page.locator('canvas').first().waitFor();
  return { page, url, errors, requests };
}

/** Brings every chart in sight once, since a chart is drawn when it is. */
async function seeAll(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      // Its intersections are told in one frame and drawn by the next.
      await frame();
      await frame();
    }
    scrollTo(0, 0);
    await frame();
    await frame();
  });
  await allDrawn(page);
}

/** How many colours each canvas shows; one means that nothing was drawn. */
async function colorsOfCanvases(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('canvas')].map((canvas) => {
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }),
  );
}

const fixtures: readonly (readonly [name: string, fixture: () => ReportFixture, charts: number])[] = [
  ['a run with an incident', summaryFixture, 32],
  ['an interrupted run in which nothing happened', emptyFixture, 1],
  ['a long run against 12 ISPs', () => largeFixture(2500), 197],
  ['a run that only holds sessions', sessionsFixture, 2],
];
for (const [name, fixture, charts] of fixtures) {
  test(`the report of ${name} draws every chart and loads nothing`, async (t) => {
    const report = await open(t, fixture());
    if (!report) return;
    await seeAll(report.page);
    const colors = await colorsOfCanvases(report.page);
    assert.equal(colors.length, charts);
    // Axes and one line at least.
    for (const count of colors) assert.ok(count > 3, `a canvas shows ${count} colours`);
    assert.deepEqual(report.requests, [report.url]);
    assert.deepEqual(report.errors, []);
  });
}

for (const width of [1440, 390]) {
  test(`the page fits a screen of ${width} pixels`, async (t) => {
    const report = await open(t, largeFixture(300), { viewport: { width, height: 800 } });
    if (!report) return;
    const wide = await report.page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(wide, width);
  });
}

/** A fixture with what takes most room: words in place of numbers, long selectors, allowances above all else. */
function wideFixture(): ReportFixture {
  const { summary, series, dialogues = [] } = summaryFixture();
  const [first] = summary.thresholds;
  assert.ok(first);
  const source = (metric: string, expression: string, actualText: string) => ({
    ...first,
    metric,
    expression,
    actualText,
    passed: false,
  });
  return {
    summary: {
      ...summary,
      thresholds: [
        source('throttled{isp:yahoo,source:198.18.129.1}', 'count<20', '1,234,567'),
        source('reaction_time{isp:outlook}', 'value<5s', 'not applicable'),
      ],
    },
    series: {
      ...series,
      isps: series.isps.map((isp) => ({
        ...isp,
        sources: isp.sources.map((one) => ({ ...one, allowance: one.allowance.map(() => 1234.5) })),
      })),
    },
    dialogues,
  };
}

test('words among the thresholds fit a telephone, and the legends of sources stay beside each other', async (t) => {
  const phone = await open(t, wideFixture(), { viewport: { width: 390, height: 800 } });
  if (!phone) return;
  assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 390);
  const desk = await open(t, wideFixture(), { viewport: { width: 680, height: 800 } });
  if (!desk) return;
  await seeAll(desk.page);
  const legends = await desk.page.evaluate(() =>
    [...document.querySelectorAll('.multiples .legend')].map(
      ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth,
    ),
  );
  assert.ok(legends.length > 1);
  assert.deepEqual(
    legends.filter((over) => over > 0),
    [],
  );
});

test('dark mode follows the system, and the button turns it', async (t) => {
  const report = await open(t, summaryFixture(), { colorScheme: 'dark' });
  if (!report) return;
  const { page } = report;
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await ground(), 'rgb(12, 16, 22)');
  await page.locator('#theme').click();
  assert.equal(await ground(), 'rgb(244, 246, 248)');
  await page.reload();
  assert.equal(await ground(), 'rgb(244, 246, 248)', 'the choice is remembered');
});

test('the cursor moves in all time charts at once, by mouse and by keyboard', async (t) => {
  // So high that all charts are in sight.
  const report = await open(t, summaryFixture(), { viewport: { width: 1440, height: 9000 } });
  if (!report) return;
  const { page } = report;
  await seeAll(page);
  const moments = async (): Promise<string[]> =>
    (await page.locator('.legend .at').allTextContents()).filter((at) => at.endsWith(' s'));
  assert.deepEqual(await moments(), []);
  const plot = page.locator('#overview-gmail .plot');
  await plot.hover();
  const hovered = await moments();
  assert.equal(hovered.length, 23);
  assert.equal(new Set(hovered).size, 1);
  await plot.focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
  assert.deepEqual(await moments(), new Array(23).fill('20 s'));
  const values = await page.locator('#overview-gmail .key').allTextContents();
  assert.deepEqual(values, [
    'accepted40/s',
    'throttled108/s',
    'attempts150/s',
    'a perfect sender40/s',
    'allowance40/s',
  ]);
});

test('dragging zooms all time charts; a double click shows the whole run again', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  const { page } = report;
  const means = (): Promise<string[]> => page.locator('#chart-throughput .key output').allTextContents();
  const whole = await means();
  const plot = page.locator('#overview-gmail .u-over');
  const box = await plot.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50, { steps: 3 });
  await page.mouse.up();
  await page.mouse.move(0, 0);
  await page.locator('#whole').waitFor({ state: 'visible' });
  assert.notDeepEqual(await means(), whole);
  await plot.dblclick();
  await page.mouse.move(0, 0);
  await page.locator('#whole').waitFor({ state: 'hidden' });
  assert.deepEqual(await means(), whole);
});

/** The first seconds of a fixture, as if the run had ended there. */
function firstSeconds({ summary, series }: ReportFixture, seconds: number): ReportFixture {
  const cut = (value: unknown): unknown => {
    if (Array.isArray(value))
      return value.length === series.t.length ? value.slice(0, seconds) : value.map(cut);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cut(part)]));
  };
  return { summary, series: cut(series) as ReportFixture['series'] };
}

test('what lies on each other is filled to the end of the last bucket', async (t) => {
  // In the incident, so that the last bucket has all layers.
  const report = await open(t, firstSeconds(summaryFixture(), 30));
  if (!report) return;
  const columns = await report.page.evaluate(() => {
    const canvas = document.querySelector('#overview-gmail canvas') as HTMLCanvasElement;
    const over = (document.querySelector('#overview-gmail .u-over') as HTMLElement).getBoundingClientRect();
    const { left, top } = canvas.getBoundingClientRect();
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    // Early and late in the last of thirty buckets.
    return [29.3, 29.9].map((bucket) => [
      ...context.getImageData(
        Math.round(over.left - left + (over.width * bucket) / 30),
        Math.round(over.top - top),
        1,
        Math.round(over.height),
      ).data,
    ]);
  });
  assert.ok(new Set(columns[0]).size > 5, 'the layers are there');
  assert.deepEqual(columns[1], columns[0]);
});

test('a key of the legend hides its series', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  const key = report.page.locator('#overview-gmail .key', { hasText: 'throttled' });
  const before = await colorsOfCanvases(report.page);
  await key.press('Enter');
  assert.equal(await key.getAttribute('aria-pressed'), 'false');
  const after = await colorsOfCanvases(report.page);
  assert.notEqual(after[0], before[0]);
});

test('names in a scenario are text, never markup', async (t) => {
  const { summary, series } = summaryFixture();
  const evil = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>';
  const report = await open(t, { summary: { ...summary, run: { ...summary.run, scenario: evil } }, series });
  if (!report) return;
  assert.equal(await report.page.title(), `${evil} – windtunnel`);
  assert.equal(await report.page.locator('h1').textContent(), evil);
  assert.equal(await report.page.locator('img').count(), 0);
  assert.deepEqual(report.requests, [report.url]);
});

test('verdict, thresholds, four numbers, curve and scores are on the first screen', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  for (const part of ['.verdict', '.tiles', '.thresholds', '#overview-gmail .plot', '.scores']) {
    const box = await report.page.locator(part).first().boundingBox();
    assert.ok(box && box.y >= 0 && box.y + box.height <= 900, `${part} ends at ${box && box.y + box.height}`);
  }
});

test('a chart that comes in sight later has the zoom that the others have', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  const { page } = report;
  const box = await page.locator('#overview-gmail .u-over').boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50, { steps: 3 });
  await page.mouse.up();
  await page.mouse.move(0, 0);
  const meansOf = (id: string): Promise<string[]> => page.locator(`#${id} .key output`).allTextContents();
  const zoomed = await meansOf('overview-gmail');
  // Both charts draw the same, so that the same stretch has the same means.
  await page.locator('#isp-gmail .plot').scrollIntoViewIfNeeded();
  await until(async () => isDeepStrictEqual(await meansOf('isp-gmail'), zoomed));
  assert.ok(await page.locator('#whole').isVisible());
  await page.locator('#whole').click();
  await until(async () => !isDeepStrictEqual(await meansOf('isp-gmail'), zoomed));
  await page.locator('#whole').waitFor({ state: 'hidden' });
});

test('the wording of a reply is shown where the pointer rests on it, and when its key has the focus', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  const { page } = report;
  const tip = page.locator('.tip');
  await page.locator('#replies-gmail .plot').scrollIntoViewIfNeeded();
  await page.locator('#replies-gmail canvas').waitFor();
  const over = await page.locator('#replies-gmail .u-over').boundingBox();
  assert.ok(over);
  // At 23 of 104 s some 160 replies a second reach two thirds of the height; 40 of them were 250.
  const x = over.x + over.width * (23.5 / 104);
  await page.mouse.move(x, over.y + over.height * 0.95);
  assert.match((await tip.textContent()) ?? '', /^ok: accepted, at dot\n250 2\.0\.0 OK/);
  await page.mouse.move(x, over.y + over.height * 0.6);
  assert.match((await tip.textContent()) ?? '', /^ip-rate: throttled, at dot\n421-4\.7\.28 \[198/);
  await page.mouse.move(x, over.y + over.height * 0.02);
  assert.ok(await tip.isHidden());
  await page.locator('#replies-gmail .key', { hasText: 'mailbox-full' }).focus();
  assert.match((await tip.textContent()) ?? '', /^mailbox-full: deferred/);
  assert.ok(await tip.isVisible());
  await page.keyboard.press('Escape');
  assert.ok(await tip.isHidden());
});

test('each score explains itself on hover, focus and tap, and to screen readers', async (t) => {
  const report = await open(t, summaryFixture(), { viewport: { width: 390, height: 844 }, hasTouch: true });
  if (!report) return;
  const { page } = report;
  const tip = page.locator('.tip');
  const term = page.locator('.scores .term', { hasText: 'reaction time' });
  const meaning = "from an incident's first throttled reply until the pace stayed within what was allowed";
  const described = await term.evaluate(
    (element) => document.getElementById(element.getAttribute('aria-describedby') ?? '')?.textContent,
  );
  assert.equal(described, meaning);
  await term.scrollIntoViewIfNeeded();
  for (const [name, show] of [
    ['hover', () => term.hover()],
    ['focus', () => term.focus()],
    ['tap', () => term.tap()],
  ] as const) {
    await page.keyboard.press('Escape');
    assert.ok(await tip.isHidden(), name);
    await show();
    assert.equal(await tip.textContent(), meaning, name);
    assert.ok(await tip.isVisible(), name);
    await page.mouse.move(0, 0);
    await term.blur();
  }
  const word = page.locator('.cards .term', { hasText: 'not reached' }).first();
  await word.hover();
  assert.equal(await tip.textContent(), 'The run ended before it could be known.');
});

test('a change of theme repaints the charts', async (t) => {
  const report = await open(t, summaryFixture());
  if (!report) return;
  const { page } = report;
  // The allowance is nearly black on white, and white on black.
  const ofAllowance = (): Promise<number> =>
    page.evaluate(() => {
      const canvas = document.querySelector('canvas') as HTMLCanvasElement;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] === 0x13 && data[i + 1] === 0x1a && data[i + 2] === 0x22) found++;
      }
      return found;
    });
  assert.ok((await ofAllowance()) > 200);
  await page.locator('#theme').click();
  assert.equal(await ofAllowance(), 0);
});

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

for (const [name, fixture] of [
  ['a run with an incident', summaryFixture],
  ['a run that only holds sessions', sessionsFixture],
] as const) {
  for (const width of [1440, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`axe finds nothing in the report of ${name}, ${colorScheme}, ${width} pixels wide`, async (t) => {
        const report = await open(t, fixture(), { viewport: { width, height: 900 }, colorScheme });
        if (!report) return;
        const { page } = report;
        await seeAll(page);
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { run } = (window as unknown as { axe: typeof import('axe-core') }).axe;
          const { violations } = await run(document);
          return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`);
        });
        assert.deepEqual(found, []);
      });
    }
  }
}

test('on paper everything is open, light, drawn and within the margins; afterwards all is as before', async (t) => {
  const report = await open(t, summaryFixture(), {
    viewport: { width: 703, height: 1000 },
    colorScheme: 'dark',
  });
  if (!report) return;
  const { page, errors } = report;
  const state = (): Promise<{ folded: number; theme: string | undefined }> =>
    page.evaluate(() => ({
      folded: document.querySelectorAll('details:not([open])').length,
      theme: document.documentElement.dataset.theme,
    }));
  const before = await state();
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.deepEqual(await state(), { folded: 0, theme: 'light' });
  const colors = await colorsOfCanvases(page);
  assert.equal(colors.length, 32);
  for (const count of colors) assert.ok(count > 3, `a canvas shows ${count} colours`);
  const cut = await page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        return width > 1 && right > innerWidth + 1;
      })
      .map((element) => `${element.tagName} ${element.className}`),
  );
  assert.deepEqual(cut, []);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await page.emulateMedia({ media: null });
  assert.deepEqual(await state(), before);

  const pdf = await page.pdf({ format: 'A4', printBackground: true });
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  assert.ok(pages > 5 && pages < 40, `${pages} pages`);
  assert.deepEqual(errors, []);
});
