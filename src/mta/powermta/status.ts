/**
 * PowerMTA's status as its monitor (`/status?format=xml` or `json`) and its command line tool (`pmta --xml show status`) tell it
 * (User's Guide 5.3, 6.2.1): the same tree in XML and in JSON.
 */
import { z } from 'zod';

const number = z.coerce.number();
const flow = z.object({ rcp: number, msg: number, kb: number });
const traffic = z.object({ in: flow, out: flow });
const connections = z.object({ cur: number, max: number, top: number });

const status = z.object({
  traffic: z.object({ total: traffic, lastMin: traffic }),
  conn: z.object({ smtpIn: connections, smtpOut: connections }),
  queue: z.object({ smtp: z.object({ rcp: number, dom: number, kb: number }) }),
});

/** What was counted since the start, and in the last minute; connections now; recipients, domains and kilobytes queued. */
export type PowerMtaStatus = z.output<typeof status>;

/** Reads a status; undefined if the text is none, as when nobody answered. */
export function readStatus(text: string): PowerMtaStatus | undefined {
  const trimmed = text.trim();
  const tree = trimmed.startsWith('{') ? parseJson(trimmed) : parseXml(trimmed);
  const found = dig(tree, ['rsp', 'data', 'status']) ?? dig(tree, ['data', 'status']);
  const parsed = status.safeParse(found);
  return parsed.success ? parsed.data : undefined;
}

function dig(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], tree);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Tree = { [name: string]: Tree | string };

/** Elements that hold elements or text, which is all that a status has; prologue and attributes are passed over. */
function parseXml(text: string): Tree | undefined {
  const root: Tree = {};
  const open: { readonly name: string; readonly tree: Tree; text: string }[] = [
    { name: '', tree: root, text: '' },
  ];
  for (const [, closing, name = '', single, behind = ''] of text.matchAll(
    /<(\/?)([A-Za-z][\w.-]*)[^>]*?(\/?)>([^<]*)/g,
  )) {
    if (closing) {
      const element = open.pop();
      const parent = open.at(-1);
      if (element?.name !== name || !parent) return undefined;
      parent.tree[name] = Object.keys(element.tree).length > 0 ? element.tree : element.text.trim();
    } else if (single) (open.at(-1) as { tree: Tree }).tree[name] = '';
    else open.push({ name, tree: {}, text: behind });
  }
  return open.length === 1 ? root : undefined;
}
