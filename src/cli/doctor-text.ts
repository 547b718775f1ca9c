/** A machine and what was found about it, for people. */
import { bytesFor, counted, processesFor, whole } from '../lab/machine/capacity.ts';
import { gigabytes, type Judgement, sourcePorts, workerDescriptors } from '../lab/machine/diagnosis.ts';
import type { MachineFacts } from '../lab/machine/machine.ts';

/** The sizes that everyone asks about first. */
const SIZES = [10_000, 100_000, 1_000_000];

/** The whole text that `windtunnel doctor` prints. */
export function describeMachine(
  facts: MachineFacts,
  judgements: readonly Judgement[],
  sessions: number,
): string {
  return [
    ...machine(facts),
    '',
    ...table(facts),
    ...section(judgements, ['ok'], `ok for ${counted(sessions, 'session')}`),
    ...section(judgements, ['short', 'change'], `to change for ${counted(sessions, 'session')}`),
    ...section(judgements, ['unknown'], 'not known'),
    '',
  ].join('\n');
}

function machine({ kernel, container, cores, memory, node, programs }: MachineFacts): string[] {
  const place = container === undefined ? '' : `, in a container (${container})`;
  const found = programs.found.map(({ name, version }) =>
    version === undefined ? name : `${name} ${version}`,
  );
  return [
    'this machine',
    `  ${kernel}${place}; Node ${node}; ${counted(cores, 'core')}, ${gigabytes(memory.bytes)} of memory`,
    `  programs: ${found.join(', ')}`,
    ...(programs.missing.length === 0
      ? []
      : [`  not here, and needed by those who test with them: ${programs.missing.join(', ')}`]),
  ];
}

function table(facts: MachineFacts): string[] {
  const descriptors = workerDescriptors(facts);
  const ports = sourcePorts(facts);
  const rows = SIZES.map((sessions) => {
    const workers = processesFor(sessions, descriptors);
    const bytes = bytesFor(sessions, descriptors);
    return [
      whole(sessions),
      Number.isFinite(workers) ? `${whole(workers)} + ${whole(workers)}` : 'none can',
      ports === undefined ? '?' : whole(Math.ceil(sessions / ports)),
      Number.isFinite(bytes)
        ? `${gigabytes(bytes)}${bytes > facts.memory.availableBytes ? ', more than is available' : ''}`
        : '',
    ];
  });
  const all = [['sessions', 'workers (driver + ISPs)', 'sources', 'memory'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return [
    'what sessions held at once take here',
    ...all.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()),
  ];
}

function section(
  judgements: readonly Judgement[],
  states: readonly Judgement['state'][],
  title: string,
): string[] {
  const chosen = states.flatMap((state) => judgements.filter((judgement) => judgement.state === state));
  if (chosen.length === 0) return [];
  const width = Math.max(...judgements.map(({ name }) => name.length));
  return [
    '',
    title,
    ...chosen.flatMap(({ name, finding, fix }) => [
      `  ${name.padEnd(width)}  ${finding}`,
      ...fix.map((line) => `  ${' '.repeat(width)}  > ${line}`),
    ]),
  ];
}
