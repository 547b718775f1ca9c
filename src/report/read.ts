import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../core/errors.ts';
import type { IspSummary, Summary } from './summary.ts';

/** Reads the summary in a run's folder. Throws (kind `usage`) if there is none, or one of another schema. */
export function readSummary(folder: string): Summary {
  try {
    const read = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Partial<Summary> | null;
    if (read?.schema !== 1) throw new Error(`its schema is ${read?.schema ?? 'none'}, expected 1`);
    return withLaterKeys(read as Summary);
  } catch (error) {
    throw new HarnessError('usage', `can't read a summary in ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** With what summaries of `schema: 1` may lack, since it came later. */
function withLaterKeys(read: Summary): Summary {
  const isps = read.isps.map((isp) => ({ ...LATER_OF_ISP, ...isp }));
  return { ...LATER, ...read, isps };
}

const LATER = { adaptation: [] } satisfies Partial<Summary>;
const LATER_OF_ISP = { messagesPerConnection: [], authentication: null } satisfies Partial<IspSummary>;
