/**
 * One verdict over the streams of results of several k6 processes that carried out an exported scenario (export.ts), each
 * its execution segment. k6 itself judges each process alone.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MeasuredK6 } from '../../analysis/k6-metrics.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';
import {
  INJECTION_METADATA,
  INJECTION_METRIC,
  noteOf,
  THRESHOLDS_METADATA,
  THRESHOLDS_METRIC,
} from '../../driver/k6/script-plan.ts';
import { type K6Definition, type K6Point, k6Line, readLines } from '../../driver/k6/stream.ts';
import type { Baseline } from '../../gate/baseline.ts';
import { k6MetricNamed } from '../../gate/k6-metrics.ts';
import { parseK6Threshold } from '../../gate/k6-threshold.ts';
import type { Judged, Threshold } from '../../gate/threshold.ts';
import { K6Metrics, mergeK6 } from '../../record/k6-metrics.ts';
import { k6Summary } from '../../report/k6-metrics.ts';
import type { K6Verdict } from '../../report/k6-verdict.ts';
import { thresholdResult, thresholdsVerdict } from '../../report/threshold-result.ts';
import type { Plan } from '../../scenario/plan.ts';
import { InjectedOnce } from './injected-once.ts';
import { joinedThresholds, watchedByK6 } from './thresholds.ts';

/** What is judged. */
export interface K6Gated {
  readonly plan: Plan;
  /** What limits of the plan's thresholds are relative to; undefined: none is. */
  readonly baseline: Baseline | undefined;
  /** What limits the verdict's worth already. */
  readonly warnings: readonly string[];
}

/**
 * Reads the streams and judges the scenario's thresholds on k6's metrics, and those of its scripts.
 * @param paths files, compressed where they end in `.gz`; `-` is standard input
 * @throws HarnessError (invalid-scenario) if no load is k6's, (usage) if a stream can't be read or is none
 */
export async function gateK6(
  { plan, baseline, warnings }: K6Gated,
  paths: readonly string[],
): Promise<K6Verdict> {
  const loads = plan.loads.filter(({ k6 }) => k6);
  if (loads.length === 0)
    throw new HarnessError(
      'invalid-scenario',
      `${plan.file}: no load has engine: k6, so there is nothing to judge`,
    );
  const double = paths.find((path, index) => paths.indexOf(path) < index);
  if (double !== undefined)
    throw new HarnessError('usage', `${double} is named twice; expected each stream once`);
  const own = plan.thresholds.map(asOfK6);
  const asked = own.filter((threshold) => threshold.k6);
  const injected = new InjectedOnce(loads, paths.length);
  const streams: Stream[] = [];
  for (const [index, path] of paths.entries())
    streams.push(await readStream(path, index, watchedByK6(asked), injected));
  const states = mergeK6(streams.map(({ metrics }) => metrics.states()));
  const seconds = spanOf(streams);
  const measured = new MeasuredK6(states, seconds);
  const thresholds = joinedThresholds(
    asked,
    streams.flatMap(({ thresholds }) => thresholds),
  );
  const judged = thresholds.map((threshold) =>
    measured.judge(threshold, baseline?.values[own.indexOf(threshold)]),
  );
  const messages = injected.counts();
  return {
    schema: 1,
    scenario: plan.name,
    verdict: verdictOf(judged, messages.twice),
    warnings: [
      ...warnings,
      ...(messages.missing > 0
        ? [
            `Of ${messages.missing} messages nobody tells, though later ones were handed over: a stream is missing or cut off, or their requests were.`,
          ]
        : []),
      ...(injected.strangers > 0
        ? [
            `${injected.strangers} injections name a message that this scenario has not: it is not the one that was exported.`,
          ]
        : []),
    ],
    streams: streams.length,
    seconds,
    messages,
    thresholds: judged.map(thresholdResult),
    notJudged: own.filter(({ k6 }) => !k6).map(({ key, expression }) => ({ metric: key, expression })),
    metrics: k6Summary(measured).metrics,
  };
}

// --- internal ---

/** What a process told. */
interface Stream {
  readonly metrics: K6Metrics;
  /** `options.thresholds` of its scripts; one entry, if they have any. */
  readonly thresholds: readonly Readonly<Record<string, unknown>>[];
}

/** The threshold on k6's metric of the same name, where windtunnel's is the same thing: no load but k6's is looked at here. */
function asOfK6(threshold: Threshold): Threshold {
  const { key, metric, selector, expression } = threshold;
  const same = metric === 'dropped_iterations' && Object.keys(selector).length === 0;
  const parsed = same && k6MetricNamed(metric) && parseK6Threshold(key, expression, 'scenario');
  return parsed && 'threshold' in parsed ? parsed.threshold : threshold;
}

async function readStream(
  path: string,
  index: number,
  watched: readonly string[],
  injected: InjectedOnce,
): Promise<Stream> {
  const metrics = new K6Metrics(watched);
  const thresholds: Readonly<Record<string, unknown>>[] = [];
  let samples = 0;
  const take = (line: K6Definition | K6Point): void => {
    if (line.type === 'Metric') {
      if (!OURS.has(line.name)) metrics.define(line.name, line.kind, line.time);
      return;
    }
    samples++;
    if (line.name === INJECTION_METRIC) {
      const note = noteOf(line.metadata[INJECTION_METADATA] ?? '');
      if (note) injected.take(note, index);
    } else if (line.name === THRESHOLDS_METRIC) {
      const told = thresholdsIn(line.metadata[THRESHOLDS_METADATA], path);
      thresholds.push(told);
      metrics.watch(Object.keys(told));
    } else if (!metrics.add(line.name, line.value, line.tags, line.atMs))
      throw new HarnessError(
        'usage',
        `${path}: samples of ${line.name} come before it is defined; the stream has no begin`,
      );
  };
  await eachLine(path, (text) => {
    const line = k6Line(text);
    if (line) take(line);
    else if (text.startsWith('{') && !isJson(text))
      throw new HarnessError('usage', `${path} is cut off or damaged: a line of it is ${text.slice(0, 60)}`);
  });
  if (samples === 0)
    throw new HarnessError(
      'usage',
      `${path}: no samples of k6 in it; expected what k6 run --out json=FILE writes`,
    );
  return { metrics, thresholds };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function thresholdsIn(text: string | undefined, path: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text ?? '') as Record<string, unknown>;
  } catch (cause) {
    throw new HarnessError('usage', `${path}: the script's thresholds can't be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Metrics by which the script speaks to us. */
const OURS: ReadonlySet<string> = new Set([INJECTION_METRIC, THRESHOLDS_METRIC]);

async function eachLine(path: string, take: (line: string) => void): Promise<void> {
  const file = createReadStream(path === '-' ? '/dev/stdin' : path);
  let failure: Error | undefined;
  const failed = (error: Error): void => {
    failure ??= error;
  };
  let text: Readable = file;
  if (path.endsWith('.gz')) {
    text = file.pipe(createGunzip());
    file.on('error', (error) => text.destroy(error));
  }
  text.on('error', failed);
  await readLines(text, (line) => {
    if (failure) return;
    try {
      take(line);
    } catch (error) {
      failed(error as Error);
      text.destroy();
    }
  });
  file.destroy();
  if (failure instanceof HarnessError) throw failure;
  if (failure) throw new HarnessError('usage', `can't read ${path}: ${failure.message}`, { cause: failure });
}

function spanOf(streams: readonly Stream[]): number {
  const spans = streams.flatMap(({ metrics }) => metrics.span() ?? []);
  const from = Math.min(...spans.map(({ fromMs }) => fromMs));
  const to = Math.max(...spans.map(({ toMs }) => toMs));
  // Less is none: a rate over it would say nothing.
  return spans.length === 0 ? 1 : Math.max(1, (to - from) / 1e3);
}

function verdictOf(judged: readonly Judged[], twice: number): K6Verdict['verdict'] {
  if (twice === 0) return thresholdsVerdict(judged, "No thresholds on k6's metrics, so nothing to fail.");
  const sentence = `${twice} messages were handed over more than once: the processes did not share the load, each by its --execution-segment.`;
  return { passed: false, exitCode: 99, sentence };
}
