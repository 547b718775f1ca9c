import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import type { MtaAdapter } from '../../mta/adapter.ts';
import { DEBIAN_PACKAGES } from '../../mta/packages/unpacked.ts';
import { adapters } from '../../mta/registry.ts';
import type { CommandIo } from '../io.ts';

/** A mail server that windtunnel can test, as this machine has it. */
interface Row {
  readonly name: string;
  /** null: it is not here. */
  readonly version: string | null;
  /** null: it is not here, or its adapter does not tell. */
  readonly program: string | null;
  readonly needs: 'root' | 'any';
  /** Whether `mta install` can fetch it. */
  readonly installable: boolean;
  /** What was never seen with the real program; null: nothing. */
  readonly untested: string | null;
}

/** `windtunnel mta list` */
export function mtaListCommand(io: CommandIo): Command {
  return new Command('list')
    .description('list the mail servers that can be tested, and which of them are here')
    .option('--json', 'print them as JSON')
    .action(async (options: { json?: true }) => {
      const rows = await Promise.all(adapters().map(rowOf));
      io.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : describe(rows));
    });
}

async function rowOf(adapter: MtaAdapter): Promise<Row> {
  const version = await adapter.version().catch((error: unknown) => {
    if (error instanceof HarnessError && error.kind === 'lab') return null;
    throw error;
  });
  return {
    name: adapter.name,
    version,
    program: version === null ? null : (adapter.program?.() ?? null),
    needs: adapter.capabilities.needs,
    installable: Object.hasOwn(DEBIAN_PACKAGES, adapter.name),
    untested: adapter.untested ?? null,
  };
}

function describe(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.name, row.version ?? 'not here', place(row)]);
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row, i) => {
      const [name = '', version = '', where = ''] = cells[i] ?? [];
      const line = `${name.padEnd(widths[0] ?? 0)}  ${version.padEnd(widths[1] ?? 0)}  ${where}`;
      return `${[line.trimEnd(), ...remarks(row)].join('\n  ')}\n`;
    })
    .join('');
}

function place({ name, version, program, installable }: Row): string {
  if (program !== null) return program;
  return version === null && installable ? `windtunnel mta install ${name}` : '';
}

function remarks({ needs, untested }: Row): string[] {
  return [
    ...(needs === 'root' ? ['needs root, since it runs as users of its own'] : []),
    ...(untested === null ? [] : [untested]),
  ];
}
