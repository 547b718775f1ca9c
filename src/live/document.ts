import { readFileSync } from 'node:fs';
import { asset } from '../core/assets.ts';
import { inlineModules } from '../report/html/inline.ts';
import { html, raw } from '../report/html/markup.ts';
import { renderPage } from '../report/html/page.ts';
import type { PageState } from './page-state.ts';

/** The live page as a document. It is a report's page that may ask this server, and nobody else. */
export function renderLivePage({ content, notice }: PageState): string {
  return renderPage(content, {
    policy: "connect-src 'self'",
    style: raw(readFileSync(asset('src', 'live', 'live.css'), 'utf8')),
    notice: html`<aside aria-label="This page"><p id="live" class="live" role="status" data-state="live">${notice}</p></aside>`,
    script: inlineModules(new URL('client.js', import.meta.url)),
  });
}
