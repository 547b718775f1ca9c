/** How k6 names a metric and a part of it (k6 documentation, "Thresholds": tags; metrics/metric.go in its repository). Pure. */

/** A metric, or the part of it with some tags: a submetric. */
export interface K6Selector {
  readonly name: string;
  /** What a sample must be tagged with to count; {}: all do. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Reads a threshold's key as k6 does: `http_req_duration{status:200,name:"a b"}`. A value may stand in quotes of either
 * kind. Blanks around the name, a comma too many and a tag without a value, which k6 refuses, are forgiven. Undefined if it
 * has no name, unmatched braces, or braces that name no tag.
 */
export function k6Selector(key: string): K6Selector | undefined {
  const match = /^\s*([^\s{}]+)\s*(?:\{(.*)\})?\s*$/.exec(key);
  if (!match) return undefined;
  const [, name = '', text] = match;
  if (text === undefined) return { name, tags: {} };
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const tags = parts.map((part): [string, string] => {
    const colon = part.indexOf(':');
    return colon < 0 ? [bare(part), ''] : [bare(part.slice(0, colon)), bare(part.slice(colon + 1))];
  });
  return tags.length === 0 ? undefined : { name, tags: Object.fromEntries(tags) };
}

/** The key of a metric or submetric, one for all ways to write it: `http_req_duration{name:a b,status:200}`. */
export function k6Key({ name, tags }: K6Selector): string {
  const parts = Object.entries(tags).map(([tag, value]) => `${tag}:${value}`);
  return parts.length === 0 ? name : `${name}{${parts.sort().join(',')}}`;
}

function bare(text: string): string {
  return text.trim().replace(/^["']+|["']+$/g, '');
}
