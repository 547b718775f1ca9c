import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { renderHtml } from '../../src/report/html/page.ts';
import { openBrowser } from '../support/browser.ts';
import {
  emptyFixture,
  largeFixture,
  type ReportFixture,
  sessionsFixture,
  summaryFixture,
} from '../support/summary-fixture.ts';

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
  ['a run with an incident', summaryFixture, 24],
  ['an interrupted run in which nothing happened', emptyFixture, 1],
  ['a long run against 12 ISPs', () => largeFixture(2500), 177],
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
    'allowance40/s',
    'a perfect sender40/s',
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
