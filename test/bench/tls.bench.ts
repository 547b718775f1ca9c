/** What TLS costs driver and sink. */
import { type Flood, floodPlan } from './floods.ts';
import { measureSink } from './postfix-tools.ts';
import type { FromImplicitTls } from './programs/implicit-tls.ts';
import { DriverSide, IspSide, Program } from './programs.ts';
import { alternate, costRow, type Measured, speedRow } from './side-by-side.ts';
import { about, found, progress } from './tell.ts';

const REPEATS = 5;

about(
  'Ours alone, since smtp-source and smtp-sink speak no TLS: our driver → our Gmail without TLS and with STARTTLS; for TLS from the first byte our driver → a server on the library smtp-server (which holds back each greeting for 100 ms). TLS 1.3, ECDSA P-256, no resumption, so that with one message a connection each message is a handshake.',
);
const isp = await IspSide.start();
const driver = new DriverSide();
const implicit = new Program<never, FromImplicitTls>('implicit-tls');
const { port: implicitPort } = await implicit.expect('open');

const CASES = [
  { what: '2 KB, one message a connection', bytes: 2000, keep: false, messages: 1500, connections: 100 },
  { what: '2 KB, sessions kept', bytes: 2000, keep: true, messages: 10_000, connections: 20 },
  { what: '100 KB, sessions kept', bytes: 100_000, keep: true, messages: 2000, connections: 20 },
] as const;
const WAYS = { none: 'no TLS', starttls: 'STARTTLS', implicit: 'implicit TLS' } as const;

for (const { what, ...flood } of CASES) {
  progress(`tls: ${what}`);
  const ways = Object.keys(WAYS) as (keyof typeof WAYS)[];
  const driving: Measured[][] = ways.map(() => []);
  const sides = ways.map((tls, index) => () => {
    const send = async () => {
      const driven = await driver.flood(floodPlan({ ...flood, ...targetOf(tls) }));
      driving[index]?.push(driven);
      return driven;
    };
    return tls === 'implicit' ? measureSink(implicit, send) : isp.measure(send);
  });
  const sinking = await alternate(sides, REPEATS);
  for (const [index, tls] of ways.entries()) {
    // The first is the warm-up's.
    const driven = driving[index]?.slice(1) ?? [];
    const name = `${what}, ${WAYS[tls]}`;
    found(speedRow(name, driven));
    found(costRow(`${name}: driver alone`, driven));
    found(costRow(`${name}: sink alone`, sinking[index] ?? []));
  }
}
process.exit(0);

function targetOf(tls: keyof typeof WAYS): Pick<Flood, 'port' | 'tls'> {
  return { port: tls === 'implicit' ? implicitPort : isp.port, tls };
}
