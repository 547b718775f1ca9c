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
    total.histogram.add(part.histogram);
    total.clamped += part.clamped;
  }
  return total;
}

/** How many of the recorded values are at most each of these bounds and above the one before; the last: above all. */
export function countsBetween({ histogram }: Recorded, bounds: readonly number[]): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  const values = (histogram as JsHistogram).recordedValuesIterator;
  values.reset();
  while (values.hasNext()) {
    const { valueIteratedTo, countAddedInThisIterationStep } = values.next();
    const place = bounds.findIndex((bound) => valueIteratedTo <= bound);
    const at = place === -1 ? bounds.length : place;
    counts[at] = (counts[at] as number) + countAddedInThisIterationStep;
  }
  return counts;
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
