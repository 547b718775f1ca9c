/** What an MTA makes of our driver, for context. */

import type { FromFlight, Waypoint } from './programs/flight.ts';
import { Program, temporaryFolder } from './programs.ts';
import { oneIsp } from './scenario.ts';
import { spreadOf } from './side-by-side.ts';
import { about, found, progress, sizeOr } from './tell.ts';

const REPEATS = 5;

const messages = sizeOr(1500);
about(
  `Whole runs through Haraka: driver → Haraka → Gmail, ${messages.toLocaleString('en')} messages of 2 KB over 20 connections; deliveries from the first to the last, for context.`,
);
const rates: number[] = [];
for (let repeat = 0; repeat < REPEATS; repeat++) {
  progress(`haraka: ${repeat + 1} of ${REPEATS}`);
  rates.push(await fly());
}
found({ what: 'Haraka relays', unit: 'messages/s', better: 'none', ours: spreadOf(rates) });
process.exit(0);

async function fly(): Promise<number> {
  const waypoints: Waypoint[] = [];
  const flight = new Program<never, FromFlight>('flight', [
    oneIsp({ adapter: 'haraka', load: { iterations: messages, message: { size: '2KB' } } }),
    temporaryFolder(),
  ]);
  flight.on('waypoint', (waypoint) => waypoints.push(waypoint));
  const { totals } = await flight.expect('landed');
  if (totals.delivered !== messages) throw new Error(`${totals.delivered} of ${messages} were delivered`);
  const first = waypoints.find(({ delivered }) => delivered > 0);
  const last = waypoints.find(({ delivered }) => delivered === waypoints.at(-1)?.delivered);
  if (!first || !last || first === last) throw new Error('the run was too short to see a rate');
  return (last.delivered - first.delivered) / ((last.at - first.at) / 1e6);
}
