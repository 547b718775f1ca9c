import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ConnectionLimits,
  type DescriptorDemand,
  descriptorShortfall,
  type PortDemand,
  portShortfall,
  shortfalls,
} from '../../../src/lab/shortfalls.ts';
import { parseScenario } from '../../../src/scenario/load.ts';
import { planRun } from '../../../src/scenario/plan.ts';

const door = { what: 'to the MTA', sources: 1, endpoints: 1, bound: false };
const isps = { what: 'to the ISPs', sources: 2, endpoints: 10, bound: true };
const portRows: [demand: PortDemand, ports: number, said: string | undefined][] = [
  [{ ...door, connections: 28_232 }, 28_232, undefined],
  [
    { ...door, connections: 60_000 },
    28_232,
    '60,000 connections to the MTA from 1 source to 1 address and port: 28,232 local ports allow 28,232; take fewer connections or a wider net.ipv4.ip_local_port_range',
  ],
  [
    { ...door, connections: 64_513 },
    64_512,
    '64,513 connections to the MTA from 1 source to 1 address and port: 64,512 local ports allow 64,512; take fewer connections',
  ],
  [{ ...door, endpoints: 3, connections: 60_000 }, 28_232, undefined],
  [{ ...isps, connections: 56_464 }, 28_232, undefined],
  [
    { ...isps, connections: 200_000 },
    64_512,
    '200,000 connections to the ISPs from 2 sources: 64,512 local ports allow 129,024; take fewer connections or 4 sources',
  ],
];

test('ports: shared by all that a bound source opens, else by those to one endpoint', () => {
  for (const [demand, ports, said] of portRows) assert.equal(portShortfall(demand, ports), said);
});

test('descriptors of worker processes', () => {
  const rows: [demand: DescriptorDemand, descriptors: number, said: string | undefined][] = [
    [{ what: 'to the MTA', connections: 19_500, processes: 1 }, 20_000, undefined],
    [{ what: 'to the MTA', connections: 100_000, processes: 6 }, 20_000, undefined],
    [
      { what: 'to the MTA', connections: 19_501, processes: 1 },
      20_000,
      '19,501 connections to the MTA in 1 process: 20,000 descriptors allow 19,500; take fewer connections or raise the limit (see windtunnel doctor)',
    ],
    [
      { what: 'to the ISPs', connections: 2000, processes: 2 },
      1024,
      '2,000 connections to the ISPs in 2 processes: 1,024 descriptors allow 1,048; take fewer connections or raise the limit (see windtunnel doctor)',
    ],
  ];
  for (const [demand, descriptors, said] of rows)
    assert.equal(descriptorShortfall(demand, descriptors), said);
});

test('a plan: which of its connections fall short of what', () => {
  const sources = '[198.18.128.1, 198.18.128.2, "2001:2:0:1::1"]';
  const rows: [adapter: string, connections: number, limits: ConnectionLimits, said: RegExp[]][] = [
    ['haraka', 20, { ports: 28_232, descriptors: 1024 }, []],
    ['haraka', 600, { ports: 28_232, descriptors: 1024 }, []],
    [
      'haraka',
      40_000,
      { ports: 28_232, descriptors: 1_048_576 },
      [/^40,000 connections to the MTA from 1 source to 1 address and port/],
    ],
    ['haraka', 40_000, { ports: undefined, descriptors: undefined }, []],
    ['none', 40_000, { ports: 28_232, descriptors: 1_048_576 }, []],
    [
      'none',
      100_000,
      { ports: 28_232, descriptors: 20_000 },
      // The ISPs are split until each of their processes can hold its part.
      [/^\d\d,\d{3} connections to the ISPs over IPv4 from 2 sources: /],
    ],
  ];
  for (const [adapter, connections, limits, said] of rows) {
    const text = `load: { rate: 1/s, duration: 1s, connections: ${connections} }\nmta: { adapter: ${adapter}, sources: ${sources} }\n`;
    const found = shortfalls(planRun(parseScenario(text, 'x.yaml')), limits);
    assert.equal(found.length, said.length, found.join('\n'));
    for (const [i, pattern] of said.entries()) assert.match(found[i] ?? '', pattern);
  }
});
