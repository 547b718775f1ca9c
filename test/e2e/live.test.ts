import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type Axe from 'axe-core';
import type { Page } from 'playwright-core';
import { renderLivePage } from '../../src/live/document.ts';
import { liveState } from '../../src/live/page-state.ts';
import { allDrawn, openBrowser, type Pages } from '../support/browser.ts';
import { cli, onlyRun, scenarioFile, workFolder } from '../support/cli.ts';
import { parsedMetrics } from '../support/parse-metrics.ts';
import { summaryFixture } from '../support/summary-fixture.ts';
import { until } from '../support/until.ts';

declare const axe: typeof Axe;

const scenario = `# Is what is seen live what is reported?
name: seen live
mta: { adapter: none }
isps:
  gmail: { share: 50%, limits: { ip-rate: 10/s } }
  yahoo: { share: 50% }
load: { rate: 60/s, duration: 10m }
thresholds:
  delivered: ['count>10']
  lost: ['count==0']
`;

/** How many colours the first canvas shows, and its picture. */
function firstChart(page: Page): Promise<{ colors: number; picture: string }> {
  return page.evaluate(() => {
    const chart = document.querySelector('canvas') as HTMLCanvasElement;
    const { width, height } = chart;
    // Read from a copy: a browser warns of a canvas that is read more than once.
    const copy = Object.assign(document.createElement('canvas'), { width, height });
    const context = copy.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    context.drawImage(chart, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { colors: new Set(new Uint32Array(data.buffer)).size, picture: copy.toDataURL() };
  });
}

/** What each canvas of a page shows. */
function picturesOf(page: Page): Promise<string[]> {
  return page.evaluate(() => [...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()));
}

/** The share of two pictures' pixels that is not the same, from 0 to 1. Draws them in `page`. */
function difference(page: Page, pictures: readonly [string, string]): Promise<number> {
  return page.evaluate(async (urls) => {
    const [one, two] = await Promise.all(
      urls.map(async (url) => {
        const image = Object.assign(new Image(), { src: url });
        await image.decode();
        const { width, height } = image;
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        const context = canvas.getContext('2d') as CanvasRenderingContext2D;
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, width, height).data;
      }),
    );
    if (!one || !two || one.length !== two.length) return 1;
    const pixels = new Uint32Array(one.buffer);
    const others = new Uint32Array(two.buffer);
    return pixels.reduce((sum, pixel, i) => sum + (pixel === others[i] ? 0 : 1), 0) / pixels.length;
  }, pictures);
}

/** Seconds that the run has come, as the page says. */
async function elapsed(page: Page): Promise<number> {
  const text = await page.getByText(SO_FAR).textContent();
  const [, minutes, seconds] = /(\d+):(\d\d)/.exec(text ?? '') ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

const SO_FAR = /^\d+:\d\d, load 10:00$/;

/** Waits until the run has come so far. */
async function untilElapsed(page: Page, seconds: number): Promise<void> {
  while ((await elapsed(page)) < seconds) await page.waitForTimeout(100);
}

/** All that a page says and shows of a report. */
async function wordsOf(page: Page): Promise<string[]> {
  return (await page.locator('main').innerText()).split('\n');
}

interface Watched {
  readonly page: Page;
  readonly errors: readonly string[];
  readonly requests: readonly string[];
}

async function watched(browser: Pages): Promise<Watched> {
  // So high that all charts are in sight, as only those are drawn.
  const page = await browser.newPage({ viewport: { width: 1440, height: 12_000 }, colorScheme: 'light' });
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  return { page, errors, requests };
}

test('the live page follows a run, keeps what its reader did, and becomes the final report', async (t) => {
  const browser = await openBrowser(t);
  if (!browser) return;
  const { page, errors, requests } = await watched(browser);
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  let announce: (url: string) => void = () => {};
  const announced = new Promise<string>((resolve) => {
    announce = resolve;
  });
  let interrupt = (): void => {};
  const argv = ['run', scenarioFile(folder, scenario), '--out', out, '--no-seal', '--ui'];
  const ended = cli(argv, (stderr, end) => {
    interrupt = end;
    const url = /^live page: (\S+)$/m.exec(stderr)?.[1];
    if (url !== undefined) announce(url);
  });
  let over = false;
  const whenOver = ended.finally(() => {
    over = true;
  });
  t.after(async () => {
    // A run whose test has failed would go on: the third call kills it.
    for (let call = 0; call < 3 && !over; call++) interrupt();
    await whenOver;
  });
  const url = await Promise.race([announced, ended.then(({ stderr }) => assert.fail(stderr))]);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  await page.goto(url);
  await page.evaluate(() => document.body.setAttribute('data-same', 'yes'));

  await page.locator('.word', { hasText: 'Running' }).waitFor();
  await page.locator('canvas').first().waitFor();
  const begun = await elapsed(page);
  const before = await firstChart(page);
  assert.ok(before.colors > 3, `the chart shows ${before.colors} colours`);

  // What a reader does: zooms, hides a series, opens a reply's wording, and goes on from there by keyboard.
  const plot = page.locator('#isp-gmail .u-over');
  const box = await plot.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.2, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, box.y + 50, { steps: 3 });
  await page.mouse.up();
  const whole = page.locator('#whole');
  await whole.waitFor({ state: 'visible' });
  const key = page.locator('#isp-gmail .key', { hasText: 'attempts' });
  await key.click();
  const wording = page.locator('#at-gmail details').first();
  await wording.locator('summary').focus();
  await page.keyboard.press('Enter');
  const opened = await wording.locator('pre').textContent();

  const response = await fetch(`${url}metrics`);
  assert.equal(
    response.headers.get('content-type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  );
  let metrics = parsedMetrics(await response.text());
  // What an ISP would take is told from its first whole second on.
  await until(async () => {
    metrics = parsedMetrics(await (await fetch(`${url}metrics`)).text());
    return metrics.has('windtunnel_allowance_per_second{isp=gmail}');
  });
  assert.equal(metrics.get('windtunnel_run_stage{stage=load}'), 1);
  assert.ok((metrics.get('windtunnel_delivered_total{isp=yahoo}') ?? 0) > 0);
  assert.equal(metrics.get('windtunnel_allowance_per_second{isp=gmail}'), 10);

  await untilElapsed(page, begun + 2);
  assert.notEqual((await firstChart(page)).picture, before.picture);
  assert.equal(await key.getAttribute('aria-pressed'), 'false');
  assert.equal(await wording.getAttribute('open'), '');
  assert.equal(await wording.locator('pre').textContent(), opened);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'SUMMARY');
  assert.ok(await whole.isVisible());
  await whole.click();
  await key.click();

  // The run goes on until all that has been seen, however long the browser takes for it.
  interrupt();
  const result = await ended;
  assert.equal(result.code, 105, result.stdout + result.stderr);
  await page.locator('#live[data-state=ended]').waitFor();
  assert.match(
    (await page.locator('#live').textContent()) ?? '',
    /^The run has ended, and this page with it\. The report: .*report\.html$/,
  );
  assert.match((await page.locator('.word').textContent()) ?? '', /Interrupted$/);
  assert.equal(await page.evaluate(() => document.body.getAttribute('data-same')), 'yes', 'not loaded again');
  assert.equal(await page.locator('.running, .open').count(), 0);

  const report = await watched(browser);
  const file = pathToFileURL(join(onlyRun(out).folder, 'report.html')).href;
  await report.page.goto(file);
  // The reply that was opened may have lost its place by now.
  await page.locator('#at-gmail details[open]').locator('summary').click();
  await page.mouse.move(0, 0);
  await allDrawn(page);
  await allDrawn(report.page);
  const [live, final] = [await wordsOf(page), await wordsOf(report.page)];
  assert.deepEqual(
    live.filter((line, i) => line !== final[i]),
    [],
  );
  assert.equal(live.length, final.length);
  assert.ok(await whole.isHidden());
  const charts = await picturesOf(page);
  const expected = await picturesOf(report.page);
  assert.equal(charts.length, expected.length);
  assert.deepEqual(report.requests, [file]);
  // What lies between two pixels, such as the dashed line at the load's end, is drawn now on one, now on the other.
  for (const [i, chart] of charts.entries())
    assert.ok((await difference(report.page, [chart, expected[i] as string])) < 0.005, `chart ${i} differs`);

  assert.deepEqual(errors, []);
  assert.deepEqual(new Set(requests), new Set([url, `${url}events`]));
  await assert.rejects(fetch(url), 'the server ends with the run');
});

test('the live page needs a port, and one that is free', async (t) => {
  const folder = workFolder(t);
  const out = join(folder, 'runs');
  const file = scenarioFile(folder, scenario);
  const taken = createServer();
  t.after(() => taken.close());
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const busy = await cli(['run', file, '--out', out, '--no-seal', '--ui', String(port)]);
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, new RegExp(`can't serve the live page: .*EADDRINUSE.*127.0.0.1:${port}`));
  for (const text of ['65536', '-1', '8o', 'scenario.yaml']) {
    const wrong = await cli(['run', '--out', out, file, `--ui=${text}`]);
    assert.equal(wrong.code, 2, text);
    assert.match(wrong.stderr, /--ui: ".*" is not a port; expected a number from 0 to 65535/);
  }
});

test('nothing on the live page keeps anybody from using it, in light and in dark', async (t) => {
  const browser = await openBrowser(t);
  if (!browser) return;
  const { summary, series } = summaryFixture();
  const running = { ...summary, run: { ...summary.run, running: true as const } };
  const report = { summary: running, series, histograms: [], dialogues: [] };
  const state = liveState({ stage: 'load', report, isps: new Map() }, { scenario: '', question: '' });
  const file = join(workFolder(t), 'live.html');
  writeFileSync(file, renderLivePage(state));
  const { page } = await watched(browser);
  await page.goto(pathToFileURL(file).href);
  // Nobody answers it here, which it says; that must be readable too.
  await page.locator('#live[data-state=lost]').waitFor();
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => axe.run());
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
      [],
      colorScheme,
    );
  }
});
