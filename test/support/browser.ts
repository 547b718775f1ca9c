import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { lacking } from './skip.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** No extension, no update, no talk with anyone: what the tests see is the page alone. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long a page may take for what is waited for. On a machine that is busy with other things it takes a while. */
const PATIENCE_MS = 120_000;

/** The one of this process. It has a profile of its own for each page. */
let started: Promise<Browser> | undefined;
after(async () => (await started)?.close());

/** What opens pages, each of which closes with its test. */
export interface Pages {
  newPage(options: BrowserContextOptions): Promise<Page>;
}

/** A Chromium, the same for all tests of a file; undefined where there is none, and the test is then marked as skipped. */
export async function openBrowser(t: TestContext): Promise<Pages | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const executablePath = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(existsSync);
  if (executablePath === undefined) {
    lacking(t, 'chromium not found');
    return undefined;
  }
  started ??= chromium.launch({ executablePath, args: FLAGS, timeout: PATIENCE_MS });
  const browser = await started;
  return {
    async newPage(options) {
      const page = await browser.newPage(options);
      page.setDefaultTimeout(PATIENCE_MS);
      t.after(() => page.close());
      return page;
    },
  };
}

/**
 * Waits until every chart of a page is drawn. A page draws those in sight when the browser tells it of them, and the
 * rest when there is nothing else to do: on a busy machine long after it has loaded.
 */
export async function allDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.plot:not(:has(canvas))') === null);
}
