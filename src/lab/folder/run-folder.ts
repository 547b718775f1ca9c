/** A run's folder: what is written when, so that every report can be made again from it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { histogramLog } from '../../record/histograms.ts';
import type { K6MetricState } from '../../record/k6-metrics.ts';
import type { Report } from '../../report/build.ts';
import { timelineCsv } from '../../report/csv.ts';
import type { Dialogue } from '../../report/dialogue.ts';
import { renderHtml } from '../../report/html/page.ts';
import type { ReportInput } from '../../report/input.ts';
import { renderJson } from '../../report/json.ts';
import { renderJunit } from '../../report/junit.ts';
import { renderK6 } from '../../report/k6.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { asSummary } from '../../report/read.ts';
import type { Summary } from '../../report/summary.ts';
import type { Plan } from '../../scenario/plan.ts';
import type { FromIspWorker } from '../messages.ts';
import { REPUTATION_FILE } from './reputation-input.ts';
import { PART, writeWhole } from './whole-file.ts';

/** What `run.json` holds: all that a report needs and the records do not have. */
export interface RunFile {
  readonly format: 1;
  readonly plan: Plan;
  readonly input: ReportInput;
}

/** The certificate of the run's authority, for whoever wants to check those of the mail hosts. */
export const CA_FILE = 'ca.pem';

/** What a run came to, also where its folder could not hold it. */
export interface FlownReport extends Report {
  /** Which files could not be written and why, a sentence each. */
  readonly unwritten: readonly string[];
}

/**
 * Creates `<parent>/<time>-<scenario>/` for a run and returns its path; a number is added if it exists.
 * @throws HarnessError of kind `usage` if it can't be created
 */
export function createRunFolder(parent: string, scenario: string, startedAt: Date): string {
  const folder = createFolder(parent, scenario, startedAt);
  mkdirSync(join(folder, 'mta'));
  return folder;
}

/** The same for whatever is to be in it. */
export function createFolder(parent: string, scenario: string, startedAt: Date): string {
  const time = startedAt.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  const slug =
    scenario
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'run';
  for (let attempt = 1; ; attempt++) {
    const folder = join(parent, `${time}-${slug}${attempt === 1 ? '' : `-${attempt}`}`);
    try {
      mkdirSync(parent, { recursive: true });
      mkdirSync(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && attempt < 100) continue;
      throw new HarnessError('usage', `can't create the run's folder ${folder}: ${messageOf(error)}`, {
        hint: 'name another place with --out',
        cause: error,
      });
    }
  }
}

/** Writes `scenario.yaml`, the scenario as it was read. */
export function writeScenario(folder: string, text: string): void {
  writeWhole(join(folder, 'scenario.yaml'), text);
}

/** Writes `run.json`: before the load, so that a run that dies can be reported on, and when more is known. */
export function writeRunFile(folder: string, file: RunFile): void {
  writeWhole(join(folder, 'run.json'), `${JSON.stringify(file)}\n`);
}

/** Reads `summary.json`. Throws (kind `usage`) if it was not written. */
export function readSummary(folder: string): Summary {
  const path = join(folder, 'summary.json');
  try {
    const summary = asSummary(JSON.parse(readFileSync(path, 'utf8')));
    if (summary) return summary;
  } catch (error) {
    throw new HarnessError('usage', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
  throw new HarnessError('usage', `${path} is not the summary of a run of this version`);
}

/** Whether `run.json` is there, so that a report can be made. */
export function hasRunFile(folder: string): boolean {
  return existsSync(join(folder, 'run.json'));
}

const K6_METRICS = 'k6-metrics.json';

/** Writes `k6-metrics.json`, what k6's processes measured together: while they run, and at their end. */
export function writeK6Metrics(folder: string, metrics: readonly K6MetricState[]): void {
  writeWhole(join(folder, K6_METRICS), `${JSON.stringify({ format: 1, metrics })}\n`);
}

/** What `k6-metrics.json` holds; nothing where k6 carried out no load. */
export function readK6Metrics(folder: string): Pick<ReportInput, 'k6'> {
  const file = readOptional<{ readonly metrics: readonly K6MetricState[] }>(join(folder, K6_METRICS));
  return file ? { k6: file.metrics } : {};
}

const AUTHENTICATION = 'authentication.json';
const TRANSCRIPTS = 'transcripts.json';

/** Writes `authentication.json`: for each ISP that authenticates how many messages it looked at and what it found. */
export function writeAuthentication(
  folder: string,
  { isps }: Plan,
  authentication: Extract<FromIspWorker, { type: 'stopped' }>['authentication'],
): void {
  const byIsp = authentication.map(({ isp, counts }) => {
    const { id, authentication } = (isps[isp] as Plan['isps'][number]).resolved;
    return [id, { check: authentication.check, ...counts }];
  });
  writeWhole(join(folder, AUTHENTICATION), `${JSON.stringify(Object.fromEntries(byIsp), null, 2)}\n`);
}

/** Writes `transcripts.json`: a few dialogues of each ISP. */
export function writeTranscripts(folder: string, dialogues: readonly Dialogue[]): void {
  writeWhole(join(folder, TRANSCRIPTS), `[\n${dialogues.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
}

/** What was seen at the ISPs, or by k6, and is no record: read from files of the run, and empty without them. */
export function readSeen(
  folder: string,
): Required<Pick<ReportInput, 'authentication' | 'dialogues' | 'spamRates'>> & Pick<ReportInput, 'k6'> {
  return {
    ...readK6Metrics(folder),
    authentication: readOptional(join(folder, AUTHENTICATION)) ?? {},
    dialogues: readOptional(join(folder, TRANSCRIPTS)) ?? [],
    spamRates: readOptional(join(folder, REPUTATION_FILE)) ?? [],
  };
}

function readOptional<T>(path: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new HarnessError('usage', `can't read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Writes `sender-pages.json`: where the pages are that ISPs have for senders, by host name. */
export function writeSenderPages(
  folder: string,
  pages: Readonly<Record<string, { readonly address: string; readonly port: number }>>,
): void {
  writeWhole(join(folder, 'sender-pages.json'), `${JSON.stringify(pages, null, 2)}\n`);
}

/** Reads `run.json`. Throws (kind `usage`) if this is not a run's folder. */
export function readRunFile(folder: string): RunFile {
  try {
    const file = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFile;
    if (file.format !== 1) throw new Error(`format ${file.format}, expected 1`);
    return file;
  } catch (error) {
    throw new HarnessError('usage', `${folder} is not the folder of a run: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Writes every report. Each file appears whole or not at all.
 * @returns what could not be written and why, a sentence each
 */
export function writeReports(folder: string, { summary, series, histograms, dialogues }: Report): string[] {
  const startedAtMs = Date.parse(summary.run.startedAt);
  const logs = histograms.map(({ tag, recorded }) => ({ tag, histogram: recorded.histogram }));
  const unwritten: string[] = [];
  const write = (name: string, text: string): void => {
    try {
      writeWhole(join(folder, name), text);
    } catch (error) {
      unwritten.push(messageOf(error));
    }
  };
  write('summary.json', renderJson(summary));
  write('summary.md', renderMarkdown(summary));
  write('junit.xml', renderJunit(summary));
  write('k6-summary.json', renderK6(summary));
  write('timeline.csv', timelineCsv(series));
  write('histograms.hlog', histogramLog(logs, startedAtMs, summary.run.durationSeconds));
  write('report.html', renderHtml(summary, series, dialogues));
  return unwritten;
}

/** Removes what a process that was killed had only begun to write. */
export function removeParts(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith(PART)) rmSync(join(folder, name));
}

/** The configuration files that the adapter generated, for the report. Queue and logs are left out. */
export function mtaConfig(folder: string): { name: string; text: string }[] {
  const root = join(folder, 'mta');
  return readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\/config\//.test(path))
    .sort()
    .map((path) => ({ name: path.slice(root.length + 1), text: readFileSync(path, 'utf8') }))
    .filter(({ text }) => text.length < 100_000 && !/PRIVATE KEY/.test(text));
}
