/** Reads what is compared, the folders of runs and of groups or the summaries that were kept of them, and compares it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { k6Key } from '../../core/k6-key.ts';
import { CHANGE_RULES, type ChangeRules, ENOUGH_RUNS, type RunValue } from '../../gate/change.ts';
import type { Threshold } from '../../gate/threshold.ts';
import { readRecords } from '../../record/recorder.ts';
import { buildReport } from '../../report/build.ts';
import { compareRuns, newestOf } from '../../report/comparison/compare.ts';
import type { ComparedRun, Comparison } from '../../report/comparison/comparison.ts';
import { nameOf, reader, thresholdsOf } from '../../report/comparison/quantities.ts';
import { type SideBySide, sideBySide } from '../../report/comparison/side-by-side.ts';
import type { ReportInput } from '../../report/input.ts';
import { asSummary } from '../../report/read.ts';
import type { Summary } from '../../report/summary.ts';
import { type GroupFile, runsOfGroup } from './group-folder.ts';
import { UNFINISHED } from './rebuild.ts';
import { modelOf } from './report-input.ts';
import { readK6Metrics, readRunFile } from './run-folder.ts';

/** A run that was kept. */
export interface KeptRun {
  readonly name: string;
  readonly summary: Summary;
  /** Undefined: only its summary was kept. */
  readonly folder: string | undefined;
}

/**
 * The runs that a path names: the folder of a run, that of a group, a `summary.json` or a `group.json`.
 * @throws HarnessError of kind `usage` if it is none of these
 */
export function readRuns(path: string): KeptRun[] {
  if (!existsSync(path)) throw new HarnessError('usage', `${path}: no such file or folder`);
  if (!statSync(path).isDirectory()) return readKept(path);
  if (isRun(path)) return [readFolder(path)];
  const runs = runsOfGroup(path);
  if (runs.length > 0) return runs.map(readFolder);
  throw new HarnessError('usage', `${path}: expected the folder of a run, or one that holds run-1, run-2 …`);
}

/**
 * Compares the runs that some paths name with those of a baseline.
 * @param rules those that are not as usual
 * @throws HarnessError of kind `usage` if a path names no runs
 */
export function comparePaths(
  baseline: string,
  runs: readonly string[],
  rules: Partial<ChangeRules> = {},
): Comparison {
  const [old, fresh] = [readRuns(baseline), runs.flatMap(readRuns)];
  const asked = thresholdsOf(newestOf(fresh.map(bare)).summary);
  const sides = [old, fresh].map((side) => side.map((run) => withValues(run, asked)));
  return compareRuns(sides[0] ?? [], sides[1] ?? [], { ...CHANGE_RULES, ...rules });
}

/**
 * Puts the runs of several paths beside each other, a column a path.
 * @throws HarnessError of kind `usage` if a path names no runs
 */
export function pathsSideBySide(paths: readonly string[]): SideBySide {
  const columns = paths.map(readRuns);
  const asked = thresholdsOf(newestOf(columns.flat().map(bare)).summary);
  return sideBySide(columns.map((runs) => runs.map((run) => withValues(run, asked))));
}

/** Compares a group with a baseline, if both have enough runs to judge noise. */
export function compareGroup(baseline: string, group: string): Comparison | undefined {
  const enough = [baseline, group].every((path) => readRuns(path).length >= ENOUGH_RUNS);
  return enough ? comparePaths(baseline, [group]) : undefined;
}

/** A run with the values that some thresholds ask for. What its summary does not tell is measured in its records again. */
export function withValues(run: KeptRun, thresholds: readonly Threshold[]): ComparedRun {
  const told = reader(run.summary);
  const missing = thresholds.filter((threshold) => told(threshold) === undefined);
  if (missing.length === 0 || run.folder === undefined || !existsSync(join(run.folder, 'attempts.bin')))
    return bare(run);
  return { ...bare(run), measured: measureAgain(run.folder, missing) };
}

// --- internal ---

function bare({ name, summary }: KeptRun): ComparedRun {
  return { name, summary, unfinished: summary.warnings.includes(UNFINISHED), measured: new Map() };
}

function isRun(folder: string): boolean {
  return existsSync(join(folder, 'summary.json')) || existsSync(join(folder, 'run.json'));
}

function readFolder(folder: string): KeptRun {
  const path = join(folder, 'summary.json');
  if (!existsSync(path)) {
    throw new HarnessError('usage', `${folder}: this run has no summary.json`, {
      hint: `it may have been killed; "windtunnel report ${folder}" makes its reports from what was recorded`,
    });
  }
  const summary = asSummary(readJson(path));
  if (!summary) throw notOurs(path);
  return { name: folder, summary, folder };
}

function readKept(path: string): KeptRun[] {
  const content = readJson(path);
  const one = asSummary(content);
  if (one) return [{ name: path, summary: one, folder: undefined }];
  const runs = runsIn(content);
  if (runs)
    return runs.map((summary, index) => ({ name: `${path} run-${index + 1}`, summary, folder: undefined }));
  throw notOurs(path);
}

function notOurs(path: string): HarnessError {
  return new HarnessError('usage', `${path}: expected the summary of a run or of a group, of this version`, {
    hint: '"windtunnel report FOLDER" makes that of an older run again',
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new HarnessError('usage', `${path}: expected JSON, a summary: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The summaries of a group; undefined if it is none. */
function runsIn(content: unknown): Summary[] | undefined {
  const { schema, runs } = (content ?? {}) as Partial<GroupFile>;
  if (schema !== 1 || !Array.isArray(runs) || runs.length === 0) return undefined;
  const summaries = runs.map(asSummary).filter((summary) => summary !== undefined);
  return summaries.length === runs.length ? summaries : undefined;
}

function measureAgain(folder: string, thresholds: readonly Threshold[]): Map<string, RunValue> {
  const { plan, input: kept } = readRunFile(folder);
  const input = { ...kept, ...readK6Metrics(folder) };
  const known = thresholds.filter((threshold) => knows(input, threshold));
  const { aggregate } = readRecords(folder, modelOf(plan));
  // Only what is measured counts here, not what it is held to.
  const asked = known.map((threshold): Threshold => ({ ...threshold, operator: '>=', limit: 0 }));
  const { summary } = buildReport(aggregate, { ...input, thresholds: asked });
  return new Map(
    known.map((threshold, i) => {
      const { actual, actualText } = summary.thresholds[i] as (typeof summary.thresholds)[number];
      return [nameOf(threshold), actual ?? (actualText as RunValue)];
    }),
  );
}

/** Whether a run has what a threshold names: of an ISP that was not there, nothing is known, not even 0. */
function knows(input: ReportInput, { metric, selector, k6 }: Threshold): boolean {
  if (k6) {
    // A part of a metric is known where it was watched; a whole one that was never sampled is one that nothing came to.
    const key = k6Key({ name: metric, tags: k6.tags });
    return input.k6?.some((state) => key === metric || k6Key(state) === key) ?? false;
  }
  const { isps, sources, replies, loads, incidents } = input;
  const has = (value: string | undefined, all: readonly string[]): boolean =>
    value === undefined || all.includes(value);
  return (
    has(
      selector.isp,
      isps.map(({ id }) => id),
    ) &&
    has(selector.source, sources) &&
    has(
      selector.reply,
      replies.map(({ id }) => id),
    ) &&
    has(
      selector.load,
      loads.map(({ name }) => name),
    ) &&
    has(
      selector.incident,
      incidents.map((_, index) => String(index + 1)),
    )
  );
}
