import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
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

/** A Chromium that closes with the test, or undefined where there is none; the test is then marked as skipped. */
export async function openBrowser(t: TestContext): Promise<Browser | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const executablePath = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(existsSync);
  if (executablePath === undefined) {
    lacking(t, 'chromium not found');
    return undefined;
  }
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  t.after(() => browser.close());
  return browser;
}

/**
 * Waits until every chart of a page is drawn. A page draws those in sight when the browser tells it of them, and the
 * rest when there is nothing else to do: on a busy machine long after it has loaded.
 */
export async function allDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.plot:not(:has(canvas))') === null);
}
