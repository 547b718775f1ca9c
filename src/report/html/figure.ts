import type { SeriesSpec } from './chart-spec.ts';
import type { Chart } from './charts/chart.ts';
import { html, type Markup } from './markup.ts';

/**
 * The place of a chart in the page: title, sentence, canvas and legend. The script draws into `.plot`, shows values
 * in the legend's outputs, and hides a series when its key is pressed.
 */
export function figure({ spec, title, sentence }: Chart, options: { tall?: boolean } = {}): Markup {
  const keys =
    spec.axis === 'time'
      ? 'Arrow keys move the cursor, Escape shows the whole run.'
      : 'Arrow keys move the cursor.';
  return html`<figure class="chart" id="${spec.id}">
<figcaption><h3>${title}</h3><p>${sentence}</p></figcaption>
<div class="legend"><span class="at" aria-live="off"></span>${spec.series.map(key)}</div>
<div class="plot${options.tall && ' tall'}" role="img" tabindex="0" aria-label="${title}. ${sentence} ${keys}"></div>
</figure>`;
}

/** What stands in place of a chart that has nothing to show. */
export function emptyFigure(title: string, reason: string): Markup {
  return html`<figure class="chart empty"><figcaption><h3>${title}</h3></figcaption><p class="nothing">${reason}</p></figure>`;
}

function key({ label, color, style }: SeriesSpec): Markup {
  return html`<button type="button" class="key" aria-pressed="true"><i class="swatch ${style}" style="--c: var(--${color})"></i>${label}<output></output></button>`;
}
