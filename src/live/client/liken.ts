/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Brings a part of the page up to date in place: focus, what is opened, and what is selected stay as they are.
 */

/** Makes an element like another one. */
export function liken(old: Element, next: Element): void {
  likenAttributes(old, next);
  // Inside of these all is the charts' own doing.
  if (!old.matches('.plot, .legend output, .legend .at')) likenChildren(old, next);
}

/** What the reader opened or hid stays so. */
const READERS = ['open', 'aria-pressed'];

function likenAttributes(old: Element, next: Element): void {
  for (const { name } of [...old.attributes])
    if (!next.hasAttribute(name) && !READERS.includes(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (old.getAttribute(name) !== value && !READERS.includes(name)) old.setAttribute(name, value);
}

/** Makes an element's content like another one's. */
export function likenChildren(old: Element, next: ParentNode): void {
  const unused = new Set<Node>(old.childNodes);
  const wanted = [...next.childNodes].map((child) => {
    const twin = [...unused].find((node) => areTwins(node, child));
    if (!twin) return child;
    unused.delete(twin);
    if (twin instanceof Element) liken(twin, child as Element);
    else if (twin.nodeValue !== child.nodeValue) twin.nodeValue = child.nodeValue;
    return twin;
  });
  arrange(old, wanted);
}

function areTwins(a: Node, b: Node): boolean {
  return a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

/** What an element is about: its id, or a row's heading. Rows are ordered by what they count, which changes. */
function keyOf(node: Node): string | null {
  if (node instanceof HTMLTableRowElement) return node.querySelector('th[scope=row]')?.textContent ?? null;
  return node instanceof Element ? node.id : null;
}

/** Makes `wanted` the children of an element; those that are in their place are not moved, as moving takes the focus. */
export function arrange(parent: Element, wanted: readonly Node[]): void {
  for (const node of [...parent.childNodes]) if (!wanted.includes(node)) node.remove();
  for (const [i, node] of wanted.entries()) {
    const there = parent.childNodes[i] ?? null;
    if (there !== node) parent.insertBefore(node, there);
  }
}
