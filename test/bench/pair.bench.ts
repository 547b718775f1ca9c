/** Both of ours beside both of Postfix's. */
import { floodPlan } from './floods.ts';
import { findPostfixTools, measureSink, runSmtpSource, startSmtpSink, wireBytes } from './postfix-tools.ts';
import { DriverSide, IspSide } from './programs.ts';
import { alternate, costRow, type Measured, speedRow } from './side-by-side.ts';
import { about, found, note, progress } from './tell.ts';

const REPEATS = 5;
const CONNECTIONS = 20;
const BYTES = 2000;
const MESSAGES = 30_000;

about(
  `Our driver → our ISP, beside smtp-source → smtp-sink; ${CONNECTIONS} connections that are kept, ${BYTES / 1000} KB, one recipient a message. The programs of a pair share the machine. Ours are three processes (driver, ISP, recorder) with policy and records, theirs two.`,
);
const tools = findPostfixTools();
if (tools) {
  const sink = await startSmtpSink(tools);
  const isp = await IspSide.start();
  const driver = new DriverSide();
  const flood = (port: number, messages: number) =>
    driver.flood(
      floodPlan({ port, connections: Math.min(CONNECTIONS, messages), messages, bytes: BYTES, keep: true }),
    );
  const bytes = await wireBytes((port) => flood(port, 1));
  const theirs = () =>
    runSmtpSource(tools, {
      port: sink.port,
      connections: CONNECTIONS,
      messages: MESSAGES,
      bytes,
      keep: true,
    });
  progress('pair');
  const [ours = [], postfix = []] = await alternate(
    [
      () =>
        both(
          (send) => isp.measure(send),
          () => flood(isp.port, MESSAGES),
        ),
      () => both((send) => measureSink(sink, send), theirs),
    ],
    REPEATS,
  );
  found(speedRow('driver → sink', ours, postfix, { bar: 1.3, goal: 2 }));
  found(costRow('driver → sink: both', ours, postfix));
} else note('no smtp-source and smtp-sink (package postfix): left out');
process.exit(0);

/** What a driver and a sink take together. */
async function both(
  sink: (send: () => Promise<Measured>) => Promise<Measured>,
  drive: () => Promise<Measured>,
): Promise<Measured> {
  let driver = 0;
  const measured = await sink(async () => {
    const driven = await drive();
    driver = driven.cpuMicros;
    return driven;
  });
  return { ...measured, cpuMicros: measured.cpuMicros + driver };
}
