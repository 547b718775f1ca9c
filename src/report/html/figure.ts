import type { ChartSpec, SeriesSpec } from './chart-spec.ts';
import type { Chart } from './charts/chart.ts';
import { html, type Markup, raw } from './markup.ts';

/** How a chart stands in the page. */
export interface FigureOptions {
  /** As high as there is room. */
  readonly tall?: boolean;
  /** The level of its heading. */
  readonly level?: 3 | 4;
  /** What belongs below it. */
  readonly below?: Markup | undefined;
}

/**
 * The place of a chart in the page: title, sentence, canvas and legend. The script draws into `.plot`, shows values
 * in the legend's outputs, and hides a series when its key is pressed.
 */
export function figure(chart: Chart, { tall, level = 3, below }: FigureOptions = {}): Markup {
  const { spec, title, sentence } = chart;
  const heading = raw(`h${level}`);
  return html`<figure class="chart" id="${spec.id}">
<figcaption><${heading}>${title}</${heading}><p>${sentence}</p></figcaption>
<div class="legend"><span class="at" aria-live="off"></span>${spec.series.map(key)}</div>
${plot(chart, tall ? 'plot tall' : 'plot')}${below}
</figure>`;
}

/** A chart among others like it; what its colours mean is said once for all (`sharedLegend`). */
export function smallFigure(chart: Chart): Markup {
  const { spec, title } = chart;
  return html`<figure class="chart small" id="${spec.id}">
<figcaption><b>${title}</b></figcaption>
<div class="legend"><span class="at" aria-live="off"></span>${spec.series.map(
    (series) =>
      html`<span class="key">${swatch(series)}<span class="hidden">${series.label}</span><output></output></span>`,
  )}</div>
${plot(chart, 'plot')}
</figure>`;
}

/** What the colours of small charts mean. */
export function sharedLegend({ series }: ChartSpec): Markup {
  return html`<p class="legend shared">${series.map((one) => html`<span class="key">${swatch(one)}${one.label}</span>`)}</p>`;
}

/** What stands in place of a chart that has nothing to show. */
export function emptyFigure(title: string, reason: string): Markup {
  return html`<figure class="chart empty"><figcaption><h3>${title}</h3></figcaption><p class="nothing">${reason}</p></figure>`;
}

function plot({ spec, title, sentence }: Chart, name: string): Markup {
  const keys =
    spec.axis === 'time'
      ? 'Arrow keys move the cursor, Escape shows the whole run.'
      : 'Arrow keys move the cursor.';
  return html`<div class="${name}" role="img" tabindex="0" aria-label="${title}. ${sentence} ${keys}"></div>`;
}

function key(series: SeriesSpec): Markup {
  const { label, hidden, note } = series;
  return html`<button type="button" class="key" aria-pressed="${hidden ? 'false' : 'true'}"${note && html` data-note="${note}"`}>${swatch(series)}${label}<output></output></button>`;
}

function swatch({ color, style }: SeriesSpec): Markup {
  return html`<i class="swatch ${style}" style="--c: var(--${color})"></i>`;
}
