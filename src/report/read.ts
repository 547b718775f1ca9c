import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../core/errors.ts';
import type { Summary } from './summary.ts';

/** What summaries of `schema: 1` may lack, since it came later, and what stands for it. */
const CAME_LATER = { adaptation: [] } satisfies Partial<Summary>;

/** Reads the summary in a run's folder. Throws (kind `usage`) if there is none, or one of another schema. */
export function readSummary(folder: string): Summary {
  try {
    const read = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Partial<Summary> | null;
    if (read?.schema !== 1) throw new Error(`its schema is ${read?.schema ?? 'none'}, expected 1`);
    return { ...CAME_LATER, ...read } as Summary;
  } catch (error) {
    throw new HarnessError('usage', `can't read a summary in ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
