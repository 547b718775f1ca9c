/** Loads that k6 carries out over HTTP: what a scenario may say of them, and what k6 can't do. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { k6Processes } from '../driver/k6/processes.ts';
import { k6Problem } from '../driver/k6/scenario-options.ts';
import type { K6Wish, LoadPlan } from '../driver/load.ts';
import type { LoadWish } from './load-schema.ts';
import type { FrontDoor } from './submission.ts';

/** How k6 is to carry out a load; undefined if it is not to. Paths are as seen from the scenario's folder. */
export function plannedK6({ engine, api, script, exec }: LoadWish, folder: string): K6Wish | undefined {
  if (engine !== 'k6') return undefined;
  return {
    api: api ?? 'kumomta',
    script: script === undefined ? undefined : resolve(folder, script),
    exec,
  };
}

/** What only SMTP has, with its place in the scenario. */
const SMTP_ONLY = ['messagesPerConnection', 'retry', 'auth'] as const satisfies readonly (keyof LoadWish)[];

/** Says of a load what k6 can't do with it, or what k6 alone can. */
export function checkK6(
  { adapter, capabilities }: FrontDoor,
  wish: LoadWish,
  fault: (below: readonly PropertyKey[], message: string) => void,
): void {
  if (wish.engine !== 'k6') {
    for (const key of ['api', 'script', 'exec'] as const)
      if (wish[key] !== undefined) fault([key], 'expected engine: k6 beside it');
    return;
  }
  if (adapter === 'none') {
    fault(['engine'], 'the simulated ISPs speak SMTP alone; expected an MTA between k6 and them');
    return;
  }
  const can = capabilities && (capabilities.submission.http ?? []);
  if (wish.api === undefined) fault([], `engine: k6 needs "api", one of ${(can ?? []).join(', ') || 'none'}`);
  else if (can && !can.includes(wish.api))
    fault(
      ['api'],
      can.length === 0
        ? `${adapter} takes no mail in over HTTP`
        : `found ${wish.api}; ${adapter} can do ${can.join(', ')}`,
    );
  for (const key of SMTP_ONLY)
    if (wish[key] !== undefined) fault([key], 'this is of SMTP; a load of engine: k6 has none');
  if (wish.action === 'noop') fault(['action'], 'NOOP is of SMTP; expected message');
  if (wish.tls !== 'none')
    fault(['tls'], 'k6 speaks HTTP without TLS to an MTA on its own machine; expected none');
  if (wish.sources.length > 0) fault(['sources'], 'k6 connects from loopback; expected none');
  if (wish.message.dkim !== 'none') fault(['message', 'dkim'], "k6 can't sign mail; expected none");
  if (wish.exec !== undefined && wish.script === undefined) fault(['exec'], 'expected script beside it');
}

/** A load as planned, and where the scenario says it. */
export interface PlacedLoad {
  readonly load: LoadPlan;
  readonly path: readonly PropertyKey[];
}

/**
 * Says what k6 can't do with the planned loads of a run.
 * @param drivers how many processes the scenario wants
 */
export function checkK6Plans(
  placed: readonly PlacedLoad[],
  drivers: number | undefined,
  fault: (path: readonly PropertyKey[], message: string) => void,
): void {
  const shares = k6Processes(
    placed.map(({ load }) => load),
    drivers,
  );
  for (const { load, path } of placed) {
    if (!load.k6) continue;
    const { api, script } = load.k6;
    const problem = k6Problem(load);
    if (problem !== undefined) fault(path, problem);
    const { shape } = load;
    const processes = shares.find((each) => each.api === api)?.share.of ?? 1;
    // k6 deals numbers out by turns, so that a process with more users than another would number beyond the end.
    if (shape.executor === 'per-vu-iterations' && shape.vus % processes !== 0)
      fault(
        [...path, 'vus'],
        `found ${shape.vus}; expected a multiple of the ${processes} k6 processes (workers.drivers)`,
      );
    if (script === undefined) continue;
    if (!existsSync(script)) fault([...path, 'script'], `there is no file ${script}`);
    const first = placed.find((other) => other.load.k6?.api === api && other.load.k6.script !== undefined);
    const folder = dirname(first?.load.k6?.script ?? script);
    // What they open() is seen from one folder (driver/k6/script/prelude.ts).
    if (dirname(script) !== folder)
      fault([...path, 'script'], `expected it in ${folder}, beside the other scripts of ${api}`);
  }
}
