/** Our driver beside Postfix's smtp-source, each against an smtp-sink of its own. */
import { floodPlan } from './floods.ts';
import {
  countAtSmtpSink,
  findPostfixTools,
  runSmtpSource,
  startSmtpSink,
  wireBytes,
} from './postfix-tools.ts';
import { DriverSide, runFlood } from './programs.ts';
import { alternate, costRow, speedRow } from './side-by-side.ts';
import { about, found, note, progress } from './tell.ts';

const REPEATS = 5;
const CONNECTIONS = 20;

/** Enough that the start of a program does not decide. */
const FLOOD_MESSAGES = 100_000;

const CASES = [
  { what: '2 KB, sessions kept', bytes: 2000, keep: true, messages: 40_000, asked: { bar: 1.5, goal: 2 } },
  { what: '2 KB, one message a connection', bytes: 2000, keep: false, messages: 8000, asked: {} },
  { what: '100 KB, sessions kept', bytes: 100_000, keep: true, messages: 5000, asked: {} },
  { what: '100 KB, one message a connection', bytes: 100_000, keep: false, messages: 3000, asked: {} },
] as const;

about(
  `Our driver → smtp-sink, beside smtp-source → smtp-sink; ${CONNECTIONS} connections, one recipient a message, plaintext, messages of the same size on the wire. Driver and sink share the machine, so messages a second are those of the pair. Our driver sends the next envelope right behind a message; smtp-source can't pipeline. Ours makes every message anew, with numbers and header, and records when it was due, sent and taken; smtp-source sends the same text again. The last rows are the command as a user starts it, Node's start and all percentiles included; it has to compile itself each time.`,
);
const tools = findPostfixTools();
if (tools) {
  const sink = await startSmtpSink(tools);
  const driver = new DriverSide();
  for (const { what, bytes, keep, messages, asked } of CASES) {
    progress(`driver: ${what}`);
    const flood = (port: number, count: number, ahead: boolean) =>
      driver.flood(
        floodPlan({ port, connections: Math.min(CONNECTIONS, count), messages: count, bytes, keep, ahead }),
      );
    const size = await wireBytes((port) => flood(port, 1, true));
    const theirs = (port: number) =>
      runSmtpSource(tools, { port, connections: CONNECTIONS, messages, bytes: size, keep });
    for (const send of [(port: number) => flood(port, messages, true), theirs]) {
      const count = await countAtSmtpSink(tools, send);
      if (count !== messages) throw new Error(`smtp-sink counted ${count} messages of ${messages}`);
    }
    const sides = [() => flood(sink.port, messages, true), () => theirs(sink.port)];
    // One message a connection leaves nothing to send it behind.
    if (keep) sides.push(() => flood(sink.port, messages, false));
    const [ours = [], source = [], behind = []] = await alternate(sides, REPEATS);
    found(speedRow(what, ours, source, asked));
    found(costRow(`${what}: driver alone`, ours, source));
    if (keep) {
      found(speedRow(`${what}, each message after the reply to the one before`, behind, source));
      found(costRow(`${what}, each after the reply: driver alone`, behind, source));
    }
  }
  progress('driver: windtunnel flood');
  const order = { connections: CONNECTIONS, messages: FLOOD_MESSAGES, bytes: 2000, keep: true };
  const bytes = await wireBytes((port) => runFlood({ ...order, connections: 1, messages: 1, port }));
  const [flood = [], source = []] = await alternate(
    [
      () => runFlood({ ...order, port: sink.port }),
      () => runSmtpSource(tools, { ...order, bytes, port: sink.port }),
    ],
    REPEATS,
  );
  const what = '`windtunnel flood --pipeline`, from its start to its end';
  found(speedRow(what, flood, source));
  found(costRow(`${what}: driver alone`, flood, source));
} else note('no smtp-source and smtp-sink (package postfix): left out');
process.exit(0);
