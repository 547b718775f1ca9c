/**
 * The folder of a group: runs of one scenario after each other, `run-1`, `run-2` …, each a run's folder like any other.
 * `group.json` holds the summaries of all of them, so that a baseline can be kept as one small file.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { renderJson } from '../../report/json.ts';
import type { Summary } from '../../report/summary.ts';
import { writeWhole } from './whole-file.ts';

/** What `group.json` holds. */
export interface GroupFile {
  readonly schema: 1;
  /** In the order in which they were flown. */
  readonly runs: readonly Summary[];
}

/** The name of the file with the summaries. */
export const GROUP_FILE = 'group.json';

/** Creates the folder of a group's run, counted from 1, and returns its path. */
export function createRunOfGroup(group: string, number: number): string {
  const folder = join(group, `run-${number}`);
  mkdirSync(join(folder, 'mta'), { recursive: true });
  return folder;
}

/** Writes `group.json`: after each run, so that it is there however the group ends. */
export function writeGroup(group: string, runs: readonly Summary[]): void {
  const file: GroupFile = { schema: 1, runs };
  writeWhole(join(group, GROUP_FILE), renderJson(file));
}

/** The folders of a group's runs, in order; none if this is no group. */
export function runsOfGroup(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^run-\d+$/.test(entry.name))
    .map(({ name }) => name)
    .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
    .map((name) => join(folder, name))
    .filter((run) => existsSync(join(run, 'run.json')) || existsSync(join(run, 'summary.json')));
}

/** How a run is called: by its folder, and with its group's where it is of one. */
export function runId(folder: string): string {
  return /(?:[^/]+\/)?run-\d+$|[^/]+$/.exec(folder)?.[0] ?? folder;
}
