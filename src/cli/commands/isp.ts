import { Command } from 'commander';
import { every } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { parseDuration } from '../../core/units.ts';
import { type IspCounters, startIspServer } from '../../lab/isps/server.ts';
import type { CommandIo } from '../io.ts';
import { repeatable } from '../repeatable.ts';

interface IspOptions {
  readonly listen: string;
  readonly seed: string;
  readonly limit: readonly string[];
  readonly incident: readonly string[];
  readonly unlimited?: true;
  readonly transcript?: string;
  readonly json?: true;
}

/** `windtunnel isp NAME` */
export function ispCommand(io: CommandIo): Command {
  return new Command('isp')
    .description('serve one simulated ISP until Ctrl-C')
    .argument('<isp>', 'gmail, yahoo, outlook, or the path of a profile')
    .option('--listen <address:port>', 'where to listen; port 0 takes a free one', '127.0.0.1:2525')
    .option('--seed <number>', 'decides which mailboxes exist', '1')
    .addOption(repeatable('--limit <name=rate>', 'change a limit, such as ip-rate=5/s'))
    .addOption(
      repeatable('--incident <name=rate@at+for>', 'change a limit for a while, such as ip-rate=20/m@30s+1m'),
    )
    .option('--unlimited', 'keep dialogue and policy, but put every limit out of reach')
    .option('--transcript <file>', 'write every dialogue to a file')
    .option('--json', 'print the final counters as JSON')
    .action(async (profile: string, options: IspOptions) => {
      const server = await startIspServer({
        profile,
        listen: endpointOf(options.listen),
        seed: seedOf(options.seed),
        limits: Object.fromEntries(options.limit.map(limitOf)),
        incidents: options.incident.map(incidentOf),
        unlimited: options.unlimited === true,
        transcript: options.transcript,
      });
      io.stderr.write(`${profile} listens on ${server.address} port ${server.port}; Ctrl-C ends it\n`);
      let shown = '';
      const stopShowing = every(io.stderr.isTTY === true ? 250 : 5000, () => {
        const line = describe(server.counters());
        if (line !== shown) io.stderr.write(io.stderr.isTTY === true ? `\r\u001b[2K${line}` : `${line}\n`);
        shown = line;
      });
      await new Promise<void>((resolve) => io.onInterrupt(() => resolve()));
      stopShowing();
      await server.stop();
      const counters = server.counters();
      if (io.stderr.isTTY === true) io.stderr.write('\n');
      io.stdout.write(options.json ? `${JSON.stringify(counters)}\n` : `${describe(counters)}\n`);
    });
}

function describe({ connectionsOpen, connections, transactions, attempts }: IspCounters): string {
  const outcomes = Object.entries(attempts).filter(([, count]) => count > 0);
  const said = outcomes.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  return `${connectionsOpen} open of ${connections} connections, ${transactions} transactions${said === '' ? '' : `: ${said}`}`;
}

function endpointOf(text: string): { address: string; port: number } {
  const match = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(text);
  if (!match)
    throw new HarnessError(
      'usage',
      `--listen ${text}: expected an address and a port, such as 127.0.0.1:2525 or [::1]:2525`,
    );
  return { address: match[1] as string, port: Number(match[2]) };
}

function seedOf(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new HarnessError('usage', `--seed ${text}: expected a whole number`);
  return Number(text);
}

function limitOf(text: string): [string, string] {
  const match = /^([\w-]+)=(\S+)$/.exec(text);
  if (!match)
    throw new HarnessError('usage', `--limit ${text}: expected a name and a rate, such as ip-rate=5/s`);
  return [match[1] as string, match[2] as string];
}

function incidentOf(text: string): { start: number; end: number; limits: Record<string, string> } {
  const match = /^([\w-]+)=([^@\s]+)@([^+\s]+)\+(\S+)$/.exec(text);
  const at = parseDuration(match?.[3] ?? '');
  const length = parseDuration(match?.[4] ?? '');
  if (!match || !at || !length) {
    throw new HarnessError(
      'usage',
      `--incident ${text}: expected a limit, a rate, a moment and a length, such as ip-rate=20/m@30s+1m`,
    );
  }
  return {
    start: at.value,
    end: at.value + length.value,
    limits: { [match[1] as string]: match[2] as string },
  };
}
