/** What a message costs an ISP with each engine. */
import { floodPlan } from './floods.ts';
import { DriverSide, IspSide } from './programs.ts';
import { alternate, costRow } from './side-by-side.ts';
import { about, found, progress } from './tell.ts';

const REPEATS = 5;
const ISPS = { gmail: 'gmail.com', yahoo: 'yahoo.com', outlook: 'outlook.com' } as const;
const MESSAGES = 6000;
const BYTES = 2000;

about(
  `Our own SMTP engine (ours) beside the library smtp-server with the same policy behind it (theirs): CPU of the ISP's side, records included. ${BYTES / 1000} KB, 20 connections that are kept.`,
);
for (const [name, domain] of Object.entries(ISPS)) {
  progress(`engines: ${name}`);
  const driver = new DriverSide();
  const isps = [await IspSide.start(name, 'native'), await IspSide.start(name, 'smtp-server')];
  const flood = { connections: 20, messages: MESSAGES, bytes: BYTES, keep: true, domain };
  const sides = isps.map(
    (isp) => () => isp.measure(() => driver.flood(floodPlan({ ...flood, port: isp.port }))),
  );
  const [native = [], library = []] = await alternate(sides, REPEATS);
  found(costRow(name, native, library));
  await Promise.all([driver, ...isps].map((side) => side.stop()));
}
process.exit(0);
