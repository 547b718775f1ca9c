/** Exports the k6 loads of a scenario, to be carried out without the lab: on more machines than one. */
import { join, relative } from 'node:path';
import { wallClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { shellCommand } from '../../core/shell.ts';
import { segmentArguments } from '../../driver/k6/command.ts';
import { exportScript, SCRIPT_FILE } from '../../driver/k6/export.ts';
import type { LoadPlan } from '../../driver/load.ts';
import type { Plan } from '../../scenario/plan.ts';

/** How the loads are to be carried out. */
export interface K6ExportOptions {
  readonly folder: string;
  /** The scenario's file and what changes it, as a command line has them. */
  readonly scenario: readonly string[];
  /** Where the MTA takes mail in over HTTP. */
  readonly url: string;
  readonly key: string | undefined;
  /** k6 processes that will share the loads. */
  readonly segments: number;
}

/** What was written, and how it is used. */
export interface K6Export {
  readonly files: readonly string[];
  /** What each k6 process is called with, in a shell. */
  readonly commands: readonly string[];
  /** What judges the streams of results that they write. */
  readonly gate: string;
  readonly notes: readonly string[];
}

/**
 * Exports the plan's loads that k6 carries out.
 * @throws HarnessError (usage) for a wrong URL, key or folder, (invalid-scenario) if there is no such load, or k6 can't do it
 */
export async function exportK6(
  plan: Plan,
  { folder, scenario, url, key, segments }: K6ExportOptions,
): Promise<K6Export> {
  const loads = plan.loads.filter(({ k6 }) => k6);
  const [api, otherApi] = new Set(loads.flatMap(({ k6 }) => k6?.api ?? []));
  if (!api)
    throw new HarnessError(
      'invalid-scenario',
      `${plan.file}: no load has engine: k6, so there is nothing to export`,
    );
  if (otherApi)
    throw new HarnessError('invalid-scenario', `${plan.file}: expected loads of one api; k6 gets one URL`);
  for (const load of loads) checkShared(load, segments);
  const files = await exportScript(
    {
      seed: plan.seed,
      loads,
      stamp: { date: wallClock().toISOString(), keys: [] },
      url: checkedUrl(url),
      api,
      ...(key !== undefined && { key: checkedKey(key) }),
      segments,
    },
    folder,
  );
  const others = plan.loads.length - loads.length;
  const streams = Array.from({ length: segments }, (_, worker) => `stream-${worker + 1}.json.gz`);
  return {
    files,
    commands: streams.map((stream, worker) =>
      shellCommand([
        ...['k6', 'run', '--quiet', '--no-usage-report', '--no-thresholds'],
        ...['--out', `json=${stream}`],
        ...segmentArguments({ worker, of: segments }),
        relative('.', join(folder, SCRIPT_FILE)) || SCRIPT_FILE,
      ]),
    ),
    gate: shellCommand(['windtunnel', 'k6', 'gate', ...scenario, ...streams]),
    notes: others > 0 ? [`${others} of the loads are not k6's and are left out`] : [],
  };
}

/** The same that checkK6Plan says of the processes of one machine. */
function checkShared({ name, shape }: LoadPlan, segments: number): void {
  if (shape.executor === 'per-vu-iterations' && shape.vus % segments !== 0)
    throw new HarnessError(
      'invalid-scenario',
      `load ${name}: found ${shape.vus} vus; expected a multiple of the ${segments} segments, or numbers would be left out`,
    );
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw new HarnessError(
      'usage',
      `--url ${text}: expected where the MTA takes mail, such as http://mta:8000`,
    );
  return text.replace(/\/+$/, '');
}

/** It goes into a header field. */
function checkedKey(key: string): string {
  if (/^[ -~]+$/.test(key)) return key;
  throw new HarnessError('usage', '--key: expected ASCII letters, digits and signs');
}
