/** How many k6 processes carry out the loads of a run. */
import type { HttpApi } from '../../core/http-injection.ts';
import type { LoadPlan } from '../load.ts';
import type { WorkerShare } from '../running-load.ts';

/** A process that drives loads by k6: those that speak one form, or its share of them. */
export interface K6Share {
  readonly api: HttpApi;
  readonly share: WorkerShare;
}

/**
 * The processes that drive loads by k6, each with a k6 of its own: one for each form, or as many as are wished, but no more
 * than there are virtual users and iterations for. k6 itself uses all cores.
 */
export function k6Processes(loads: readonly LoadPlan[], wished = 1): K6Share[] {
  const apis = [...new Set(loads.flatMap(({ k6 }) => k6?.api ?? []))];
  return apis.flatMap((api) => {
    const own = loads.filter(({ k6 }) => k6?.api === api);
    const users = Math.min(...own.map(({ connections, messages }) => Math.min(connections, messages)));
    const of = Math.max(1, Math.min(wished, users));
    return Array.from({ length: of }, (_, worker) => ({ api, share: { worker, of } }));
  });
}
