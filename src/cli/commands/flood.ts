import { Command } from 'commander';
import { flood } from '../../lab/drivers/flood.ts';
import type { FloodSummary } from '../../report/flood-summary.ts';
import { floodProgressLine, renderFlood } from '../../report/flood-text.ts';
import { ExitCode } from '../exit-codes.ts';
import { type FloodOptions, floodRequest } from '../flood-options.ts';
import type { CommandIo } from '../io.ts';
import { repeatable } from '../repeatable.ts';

/** `windtunnel flood HOST:PORT` */
export function floodCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('flood')
    .description('send mail to a server of your own as fast as it takes it, or at a rate, and measure')
    .argument('<host:port>', 'a server on this machine, such as 127.0.0.1:25 or [::1]:25')
    .option('--connections <number>', 'connections at once, at most', '20')
    .option('--rate <rate>', 'messages due, such as 500/s; without it as fast as they are answered')
    .option('--duration <time>', 'begin nothing after so long, at most 24h')
    .option('--messages <number>', 'send so many (default: 1000, if there is no --duration)')
    .option('--messages-per-connection <number>', 'then close it and open another (default: keep it)')
    .option('--size <size>', 'of a whole message, or a range such as 2KB..60KB', '2KB')
    .option('--recipients <number>', 'recipients of each message', '1')
    .option('--from <domain>', 'domain of the senders', 'sender.test')
    .option('--to <domain>', 'domain of the recipients', 'recipient.test')
    .option('--helo <name>', 'name in EHLO (default: injector. and the domain of --from)')
    .option('--tls <how>', 'none, starttls or implicit; certificates are not verified', 'none')
    .option('--auth <mechanism>', 'plain, login or cram-md5, with --user')
    .option('--user <name>', 'who logs in')
    .option('--password <text>', 'better in the environment, as WINDTUNNEL_PASSWORD')
    .addOption(repeatable('--source <address>', 'connect from this address'))
    .option('--pipeline', 'send the next envelope right behind a message; many servers refuse that')
    .option('--noop', 'send no mail: hold the connections open and say NOOP')
    .option('--pause <time>', 'of a connection between messages, or NOOPs (default: 0, or 1s)')
    .option('--retry <number>', 'repeat a message that is refused with 4xx, so often at most')
    .option('--retry-wait <time>', 'before each repetition', '1s')
    .option('--timeout <time>', 'give up a connection that is silent for so long', '60s')
    .option('--give-up <time>', 'end when connections fail and none was open for so long', '3s')
    .option('--workers <number>', 'processes that drive the flood (default: by rate and connections)')
    .option('--seed <number>', 'decides the sizes of messages', '1')
    .option('--i-run-this-server <host>', 'flood a host that is not on this machine: name it again')
    .option('--json', 'print the result as JSON')
    .action(async (target: string, options: FloodOptions) => {
      const request = floodRequest(target, options);
      // One line that is rewritten on a terminal, lines elsewhere.
      const terminal = io.stderr.isTTY === true;
      let lineOpen = false;
      const summary = await flood(request, {
        progress(progress) {
          const line = floodProgressLine(progress);
          io.stderr.write(terminal ? `\r\u001b[2K${line}` : `${line}\n`);
          lineOpen = terminal;
        },
        onStop: (stop) => io.onInterrupt(stop),
      });
      if (lineOpen) io.stderr.write('\n');
      const note = noteOn(summary);
      if (note !== undefined) io.stderr.write(`${note}\n`);
      io.stdout.write(options.json ? `${JSON.stringify(summary, null, 2)}\n` : renderFlood(summary));
      setExitCode(exitCode(summary));
    });
}

function noteOn({ ended, messages, noops, trouble }: FloodSummary): string | undefined {
  const why = trouble === null ? '' : `: ${trouble}`;
  if (ended === 'interrupted') return 'interrupted';
  if (messages + noops === 0) return `the server has taken nothing${why}`;
  return ended === 'nobody' ? `the server was gone before the end${why}` : undefined;
}

function exitCode({ ended, messages, noops }: FloodSummary): number {
  if (ended === 'interrupted') return ExitCode.interrupted;
  return ended === 'nobody' || messages + noops === 0 ? ExitCode.labFailed : ExitCode.passed;
}
