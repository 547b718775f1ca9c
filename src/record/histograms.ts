/** HDR histograms in the one layout that the whole harness uses: microseconds from 1 µs to 1 h, three digits. */
import { build, type Histogram, HistogramLogWriter, type JsHistogram } from 'hdr-histogram-js';

export type { Histogram };

const HIGHEST = 3_600_000_000;

/** An empty histogram. */
export function createHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

/** A histogram that counts how many values had to be pushed into its range. */
export interface Recorded {
  readonly histogram: Histogram;
  clamped: number;
}

/** An empty histogram that counts what it clamps. */
export function createRecorded(): Recorded {
  return { histogram: createHistogram(), clamped: 0 };
}

/** Records a value; one outside 1 µs to 1 h is recorded as the nearest end and counted as clamped. */
export function record(into: Recorded, value: number): void {
  const whole = Math.round(value);
  if (whole > HIGHEST) {
    into.clamped++;
    into.histogram.recordValue(HIGHEST);
  } else into.histogram.recordValue(whole < 1 ? 1 : whole);
}

/** All of `parts` in one. */
export function merge(parts: Iterable<Recorded>): Recorded {
  const total = createRecorded();
  for (const part of parts) {
    if (part.histogram.totalCount > 0) total.histogram.add(part.histogram);
    total.clamped += part.clamped;
  }
  return total;
}

/** How many of the recorded values are at most each of these bounds and above the one before; the last: above all. */
export function countsBetween({ histogram }: Recorded, bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  for (const { highest, count } of filledBuckets(histogram)) {
    const place = bounds.findIndex((bound) => highest <= bound);
    const at = place === -1 ? bounds.length : place;
    counts[at] = (counts[at] as number) + count;
  }
  return counts;
}

/** The mean of what was recorded, each value as the middle of its bucket; 0 if there is nothing. */
export function meanOf({ histogram }: Recorded): number {
  let sum = 0;
  for (const { middle, count } of filledBuckets(histogram)) sum += middle * count;
  return histogram.totalCount === 0 ? 0 : sum / histogram.totalCount;
}

/**
 * The buckets that hold something. The library's own iterator also works out the values
 * of all the empty ones, 23,000 of them, for every trend of a report.
 */
function* filledBuckets(histogram: Histogram): Generator<{ highest: number; middle: number; count: number }> {
  const js = histogram as JsHistogram;
  for (let index = 0, left = js.totalCount; left > 0 && index < js.countsArrayLength; index++) {
    const count = js.getCountAtIndex(index);
    if (count === 0) continue;
    left -= count;
    const value = js.valueFromIndex(index);
    yield { highest: js.highestEquivalentValue(value), middle: js.medianEquivalentValue(value), count };
  }
}

/** The text of a `.hlog` file: one interval a histogram, tagged by its name (HdrHistogram log format 1.2). */
export function histogramLog(
  histograms: readonly { tag: string; histogram: Histogram }[],
  startedAtMs: number,
  seconds: number,
): string {
  let text = '';
  const writer = new HistogramLogWriter((chunk) => {
    text += chunk;
  });
  writer.outputLogFormatVersion();
  writer.outputStartTime(startedAtMs);
  writer.outputLegend();
  for (const { tag, histogram } of histograms) {
    histogram.tag = tag;
    histogram.startTimeStampMsec = startedAtMs;
    histogram.endTimeStampMsec = startedAtMs + seconds * 1e3;
    writer.outputIntervalHistogram(histogram);
  }
  return text;
}
