/// <reference lib="dom" />
/**
 * The page's script for all but the charts: light and dark, paper, the copy button. It is compiled alone and put into
 * the page as it is, so it imports nothing. A change of theme is told to the charts by the event `themechange`.
 */
export {};

const root = document.documentElement;
const STORED = 'windtunnel-theme';

/** Undefined: as the system has it. */
function setTheme(theme: string | undefined): void {
  if (theme === undefined) delete root.dataset.theme;
  else root.dataset.theme = theme;
  dispatchEvent(new Event('themechange'));
}

function offerThemes(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = remembered();
  if (stored) setTheme(stored);
  dark.addEventListener('change', () => setTheme(root.dataset.theme));
  document.getElementById('theme')?.addEventListener('click', () => {
    const now = root.dataset.theme ?? (dark.matches ? 'dark' : 'light');
    const next = now === 'dark' ? 'light' : 'dark';
    setTheme(next);
    remember(next);
  });
}

// Storage may be forbidden; a choice then lasts as long as the page.

function remember(theme: string): void {
  try {
    localStorage.setItem(STORED, theme);
  } catch {}
}

function remembered(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Paper is white, and nothing on it can be opened. */
function printWhole(): void {
  let before: string | undefined;
  let folded: HTMLDetailsElement[] = [];
  addEventListener('beforeprint', () => {
    before = root.dataset.theme;
    setTheme('light');
    folded = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
    for (const details of folded) details.open = true;
  });
  addEventListener('afterprint', () => {
    setTheme(before);
    for (const details of folded) details.open = false;
  });
}

function offerCopy(): void {
  // Not at the button, which the live page may get later.
  document.addEventListener('click', async ({ target }) => {
    const button = target instanceof Element && target.closest('#copy');
    const command = document.getElementById('command');
    if (!button || !command) return;
    try {
      await navigator.clipboard.writeText(command.textContent ?? '');
      button.textContent = 'Copied';
    } catch {
      // No clipboard here: select the text, so that one key copies it.
      getSelection()?.selectAllChildren(command);
      button.textContent = 'Selected';
    }
  });
}

offerThemes();
printWhole();
offerCopy();
