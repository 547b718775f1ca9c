import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { MtaEvent } from '../adapter.ts';

const event = z.object({
  kind: z.enum(['received', 'delivered', 'deferred', 'bounced', 'expired']),
  atMs: z.number(),
  sender: z.string(),
  recipient: z.string(),
  source: z.string().optional(),
  code: z.number().optional(),
  text: z.string().optional(),
});

/**
 * What the plugin `events` wrote, a process after the other. A line that a crash tore is left out, and so is what is not
 * there at all.
 */
export async function* harakaEvents(folder: string): AsyncIterable<MtaEvent> {
  const files = await readdir(folder).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('.ndjson')).sort()) {
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      const parsed = event.safeParse(parseJson(line));
      if (!parsed.success) continue;
      const { source, code, text, ...told } = parsed.data;
      yield { ...told, source, code, text };
    }
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
