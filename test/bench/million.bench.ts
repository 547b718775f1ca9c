/** Whether the millionth message costs what the first ones did, and how long the report takes. `npm run bench million [messages]` */

import type { FromFlight, Waypoint } from './programs/flight.ts';
import { Program, temporaryFolder } from './programs.ts';
import { oneIsp } from './scenario.ts';
import { spreadOf } from './side-by-side.ts';
import { numberText } from './table.ts';
import { about, found, note, progress, sizeOr } from './tell.ts';

const messages = sizeOr(1_000_000);
/** The end of a run, when processes idle, belongs to no tenth. */
const inAll = Math.round(messages * 1.02);
/** One second of a busy machine in one tenth must not decide. */
const FLIGHTS = 3;
about(
  `Whole runs, as \`windtunnel run\` flies them: driver → Gmail → recorder, ${messages.toLocaleString('en')} messages of 2 KB, 20 connections. CPU of all processes of a run for each tenth of them (it goes on for a fiftieth more); then the report is made once more from the run's folder. The medians of ${FLIGHTS} runs.`,
);

/** What a run came to. */
interface Flown {
  /** µs of CPU a message in each tenth. */
  readonly tenths: readonly number[];
  readonly seconds: number;
  readonly readSeconds: number;
  readonly reportSeconds: number;
}

const flown: Flown[] = [];
for (let n = 1; n <= FLIGHTS; n++) flown.push(await fly(`million ${n} of ${FLIGHTS}`));
const tenth = (n: number): number[] => flown.map(({ tenths }) => tenths[n] as number);
found({
  what: 'the last tenth beside the second tenth',
  unit: 'µs CPU/message',
  better: 'less',
  ours: spreadOf(tenth(9)),
  theirs: spreadOf(tenth(1)),
  bar: 1.05,
  goal: 1,
});
const ofAll = (what: string, unit: string, figures: readonly number[], bar?: number) =>
  found({
    what,
    unit,
    better: bar === undefined ? 'none' : 'less',
    ours: spreadOf(figures),
    ...(bar === undefined ? {} : { bar }),
  });
ofAll(
  'build and write all reports',
  's',
  flown.map(({ reportSeconds }) => reportSeconds),
  5,
);
ofAll(
  'read the records of a run that is over',
  's',
  flown.map(({ readSeconds }) => readSeconds),
);
ofAll(
  'the whole run',
  'messages/s',
  flown.map(({ seconds }) => inAll / seconds),
);
for (const { tenths } of flown)
  note(`µs of CPU a message in each tenth: ${tenths.map(numberText).join(', ')}`);
process.exit(0);

async function fly(name: string): Promise<Flown> {
  progress(`${name}: ${messages.toLocaleString('en')} messages`);
  const waypoints: Waypoint[] = [];
  const flight = new Program<never, FromFlight>('flight', [
    oneIsp({ load: { iterations: inAll, message: { size: '2KB' } } }),
    temporaryFolder(),
  ]);
  flight.on('waypoint', (waypoint) => {
    waypoints.push(waypoint);
    if (waypoints.length % 40 === 0)
      progress(`${name}: ${waypoint.delivered.toLocaleString('en')} delivered`);
  });
  const { totals, ...seconds } = await flight.expect('landed');
  if (totals.delivered !== inAll) throw new Error(`${totals.delivered} of ${inAll} were delivered`);
  const until = (tenths: number): number => cpuAt(waypoints, (tenths * messages) / 10);
  const tenths = Array.from({ length: 10 }, (_, n) => (until(n + 1) - until(n)) / (messages / 10));
  return { tenths, ...seconds };
}

/** The CPU time when so many messages were delivered: on the straight line between two waypoints. */
function cpuAt(waypoints: readonly Waypoint[], delivered: number): number {
  const next = waypoints.findIndex((waypoint) => waypoint.delivered >= delivered);
  const b = waypoints[next] ?? (waypoints.at(-1) as Waypoint);
  const a = waypoints[next - 1] ?? b;
  if (b.delivered === a.delivered) return b.cpuMicros;
  const share = (delivered - a.delivered) / (b.delivered - a.delivered);
  return a.cpuMicros + share * (b.cpuMicros - a.cpuMicros);
}
