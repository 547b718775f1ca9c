import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../core/errors.ts';
import type { Summary } from './summary.ts';

/** Reads the summary in a run's folder. Throws (kind `usage`) if there is none. */
export function readSummary(folder: string): Summary {
  try {
    return JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary;
  } catch (error) {
    throw new HarnessError('usage', `can't read a summary in ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
