/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The live page's own script: listens to the server, brings the page's text up to date, and hands new data to the
 * charts. What did not change is not touched. The page holds it and what it imports as one script (inline.ts).
 */
import type { ChartPage, Column } from '../report/html/chart-spec.ts';
import { arrange, liken, likenChildren } from './client/liken.ts';
import type { ChartChange, PageChange } from './page-change.ts';

let columns: Readonly<Record<string, Column>> = {};

function follow(): void {
  const source = new EventSource('events');
  source.onmessage = ({ data }) => {
    const change = JSON.parse(data) as PageChange;
    showParts(change);
    showCharts(change.charts);
    tell(change.notice, change.final ? 'ended' : 'live');
    // Else the browser would ask again for a server that is gone.
    if (change.final) source.close();
  };
  source.onerror = () => tell('windtunnel can’t be reached. This is how things stood.', 'lost');
}

function tell(text: string, state: string): void {
  const notice = document.getElementById('live') as HTMLElement;
  // Screen readers speak up when it changes.
  if (notice.textContent !== text) notice.textContent = text;
  notice.dataset.state = state;
}

function showCharts({ rest, columns: changed }: ChartChange): void {
  const next = { ...columns };
  for (const [name, [from, values]] of Object.entries(changed))
    next[name] = [...(columns[name] ?? []).slice(0, from), ...values];
  columns = next;
  const detail: ChartPage = { ...rest, columns };
  dispatchEvent(new CustomEvent('chartdata', { detail }));
}

// --- text and tables ---

function showParts({ order, parts }: PageChange): void {
  const main = document.querySelector('main') as HTMLElement;
  for (const id of order) {
    const part =
      document.getElementById(id) ??
      main.appendChild(Object.assign(document.createElement('section'), { id }));
    const markup = parts[id];
    if (markup !== undefined) showPart(part, markup);
  }
  const wanted = order
    .map((id) => document.getElementById(id))
    .filter((part) => part?.parentElement === main);
  arrange(main, wanted as Element[]);
}

/** A section comes with its own element, the other parts are the content of one. */
function showPart(part: Element, markup: string): void {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const own = [...template.content.children].find(({ id }) => id === part.id);
  if (own) liken(part, own);
  else likenChildren(part, template.content);
}

follow();
