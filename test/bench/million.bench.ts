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
about(
  `One whole run, as \`windtunnel run\` flies it: driver → Gmail → recorder, ${messages.toLocaleString('en')} messages of 2 KB, 20 connections. CPU of all its processes for each tenth of them (it goes on for a fiftieth more); then the report is made once more from the run's folder. One run, no medians.`,
);
progress(`million: ${messages.toLocaleString('en')} messages`);
const waypoints: Waypoint[] = [];
const flight = new Program<never, FromFlight>('flight', [
  oneIsp({ load: { iterations: inAll, message: { size: '2KB' } } }),
  temporaryFolder(),
]);
flight.on('waypoint', (waypoint) => {
  waypoints.push(waypoint);
  if (waypoints.length % 40 === 0) progress(`million: ${waypoint.delivered.toLocaleString('en')} delivered`);
});
const { totals, seconds, readSeconds, reportSeconds } = await flight.expect('landed');
if (totals.delivered !== inAll) throw new Error(`${totals.delivered} of ${inAll} were delivered`);

const tenths = Array.from(
  { length: 10 },
  (_, tenth) => (cpuAt(((tenth + 1) * messages) / 10) - cpuAt((tenth * messages) / 10)) / (messages / 10),
);
found({
  what: 'the last tenth beside the second tenth',
  unit: 'µs CPU/message',
  better: 'less',
  ours: spreadOf([tenths[9] as number]),
  theirs: spreadOf([tenths[1] as number]),
  bar: 1.05,
  goal: 1,
});
const once = (what: string, unit: string, figure: number, bar?: number) =>
  found({
    what,
    unit,
    better: bar === undefined ? 'none' : 'less',
    ours: spreadOf([figure]),
    ...(bar === undefined ? {} : { bar }),
  });
once('build and write all reports', 's', reportSeconds, 5);
once('read the records of a run that is over', 's', readSeconds);
once('the whole run', 'messages/s', inAll / seconds);
note(`µs of CPU a message in each tenth: ${tenths.map(numberText).join(', ')}`);
process.exit(0);

/** The CPU time when so many messages were delivered: on the straight line between two waypoints. */
function cpuAt(delivered: number): number {
  const next = waypoints.findIndex((waypoint) => waypoint.delivered >= delivered);
  const b = waypoints[next] ?? (waypoints.at(-1) as Waypoint);
  const a = waypoints[next - 1] ?? b;
  if (b.delivered === a.delivered) return b.cpuMicros;
  const share = (delivered - a.delivered) / (b.delivered - a.delivered);
  return a.cpuMicros + share * (b.cpuMicros - a.cpuMicros);
}
