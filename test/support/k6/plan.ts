/** Plans of k6 processes for tests. */
import type { K6Plan } from '../../../src/driver/k6/k6-plan.ts';
import type { LoadPlan } from '../../../src/driver/load.ts';
import { STAMP } from '../message-plan.ts';

/** One process that carries out these loads at an address where nothing need listen. */
export function k6Plan(loads: readonly LoadPlan[], changes: Partial<K6Plan> = {}): K6Plan {
  return {
    seed: 1,
    loads,
    stamp: STAMP,
    endpoint: { address: '127.0.0.1', port: 8000, api: 'kumomta' },
    program: 'k6',
    folder: '.',
    share: { worker: 0, of: 1 },
    watched: [],
    ...changes,
  };
}
