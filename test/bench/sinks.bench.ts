/** Our ISP beside Postfix's smtp-sink, each under the same driver. */
import { floodPlan } from './floods.ts';
import { findPostfixTools, measureSink, runSmtpSource, startSmtpSink, wireBytes } from './postfix-tools.ts';
import { DriverSide, IspSide } from './programs.ts';
import { alternate, costRow, speedRow } from './side-by-side.ts';
import { about, found, note, progress } from './tell.ts';

const REPEATS = 5;
const CONNECTIONS = 20;

const CASES = [
  { what: '2 KB, sessions kept', bytes: 2000, keep: true, messages: 30_000 },
  { what: '2 KB, one message a connection', bytes: 2000, keep: false, messages: 8000 },
  { what: '100 KB, sessions kept', bytes: 100_000, keep: true, messages: 4000 },
] as const;
/** DESIGN.md has a bar for small messages on sessions that are kept. */
const ASKED = { pipelined: { bar: 1.25, goal: 1 }, 'step by step': { bar: 1, goal: 0.7 } } as const;

about(
  `Our ISP beside smtp-sink under the same driver: CPU of the sink's side alone, the driver's left out. Ours is Gmail with its full policy (limits counted but out of reach, penalties, reputation, a sample authenticated), a process that speaks and the lab's process that writes every attempt to disk and into ledger and timeline; it counts until all is recorded. smtp-sink throws everything away. Pipelined: our driver, ${CONNECTIONS} connections; step by step: smtp-source.`,
);
const tools = findPostfixTools();
if (tools) {
  const sink = await startSmtpSink(tools);
  const isp = await IspSide.start();
  const driver = new DriverSide();
  for (const { what, bytes, keep, messages } of CASES) {
    const flood = (port: number, count: number = messages) =>
      driver.flood(
        floodPlan({ port, connections: Math.min(CONNECTIONS, count), messages: count, bytes, keep }),
      );
    const size = await wireBytes((port) => flood(port, 1));
    const source = (port: number) =>
      runSmtpSource(tools, { port, connections: CONNECTIONS, messages, bytes: size, keep });
    for (const [how, send] of [
      ['pipelined', flood],
      ['step by step', source],
    ] as const) {
      progress(`sinks: ${what}, ${how}`);
      const asked = keep && bytes === 2000 ? ASKED[how] : {};
      const [ours = [], theirs = []] = await alternate(
        [() => isp.measure(() => send(isp.port)), () => measureSink(sink, () => send(sink.port))],
        REPEATS,
      );
      found(costRow(`${what}, ${how}: sink alone`, ours, theirs, asked));
      found(speedRow(`${what}, ${how}: with the driver`, ours, theirs));
    }
  }
} else note('no smtp-source and smtp-sink (package postfix): left out');
process.exit(0);
