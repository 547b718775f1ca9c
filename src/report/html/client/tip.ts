/// <reference lib="dom" />
/** The one bubble of the page: explains a term, or words what lies under the pointer in a chart. */

const tip = document.body.appendChild(document.createElement('div'));
tip.className = 'tip';
tip.hidden = true;

/** Shows words beside a place of the window, on the side where there is room. */
export function showTip(text: string, x: number, y: number): void {
  tip.textContent = text;
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const { clientWidth, clientHeight } = document.documentElement;
  tip.style.left = `${Math.max(8, Math.min(x + 14, clientWidth - width - 8))}px`;
  tip.style.top = `${y + 18 + height <= clientHeight ? y + 18 : Math.max(8, y - height - 12)}px`;
}

/** Takes the bubble away. */
export function hideTip(): void {
  tip.hidden = true;
}

/**
 * Explains every term of the page, on hover, focus and tap, with the text of the element that describes it for screen
 * readers; Escape takes the explanation away.
 */
export function explainTerms(): void {
  const explain = ({ target }: Event): void => {
    const term = termOf(target);
    const id = term?.getAttribute('aria-describedby');
    const text = id ? document.getElementById(id)?.textContent : term?.dataset.note;
    if (!term || !text) return;
    const { left, bottom } = term.getBoundingClientRect();
    showTip(text, left - 14, bottom - 12);
  };
  const leave = ({ target }: Event): void => {
    if (termOf(target)) hideTip();
  };
  for (const type of ['pointerover', 'focusin', 'click']) addEventListener(type, explain);
  for (const type of ['pointerout', 'focusout']) addEventListener(type, leave);
  addEventListener('scroll', hideTip, { passive: true });
  addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') hideTip();
  });
}

function termOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('.term, [data-note]') : null;
}
