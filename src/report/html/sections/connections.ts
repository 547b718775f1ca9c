import { formatCount, formatShare } from '../../numbers.ts';
import type { CountRange, IspSummary } from '../../summary.ts';
import type { Chart } from '../charts/chart.ts';
import { figure } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import type { Section } from './section.ts';

/** Connections to the ISPs: how many at once, and how many messages each carried. */
export function connectionsSection(isps: readonly IspSummary[], chart: Chart): Section {
  const used = isps.filter(({ messagesPerConnection }) => messagesPerConnection.length > 0);
  return {
    id: 'connections',
    title: 'Connections to the ISPs',
    nav: 'Connections',
    body: html`${figure(chart)}
${
  used.length > 0 &&
  html`<div class="panel"><h3>Messages on each connection <small>connections by how many messages they carried</small></h3>${distribution(used)}</div>`
}`,
  };
}

/** A row an ISP, a column a range; the darker a cell, the larger its part of the row. */
function distribution(isps: readonly IspSummary[]): Markup {
  const longest = isps.reduce<readonly CountRange[]>(
    (most, { messagesPerConnection }) =>
      messagesPerConnection.length > most.length ? messagesPerConnection : most,
    [],
  );
  const number = true as const;
  return table(
    'Messages on each connection',
    [
      { head: 'ISP' },
      ...longest.map((range) => ({ head: rangeText(range), number })),
      { head: 'connections', number },
    ],
    isps.map(({ name, messagesPerConnection }) => {
      const all = messagesPerConnection.reduce((sum, { count }) => sum + count, 0);
      return [
        name,
        ...longest.map((_, i) => cell(messagesPerConnection[i]?.count ?? 0, all)),
        formatCount(all),
      ];
    }),
  );
}

function cell(count: number, all: number): Markup {
  return html`<span class="heat" style="--part: ${Math.round((count / all) * 100)}%">${
    count === 0 ? '·' : formatCount(count)
  } ${count > 0 && html`<small>${formatShare(count, all)}</small>`}</span>`;
}

function rangeText({ from, to }: CountRange): string {
  if (to === null) return `over ${formatCount(from - 1)}`;
  return from === to ? String(from) : `${formatCount(from)}–${formatCount(to)}`;
}
