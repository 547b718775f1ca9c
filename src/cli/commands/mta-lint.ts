import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { wallClock } from '../../core/clock.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';
import { type IspLint, type Lint, type LintedReply, lintPatterns } from '../../lab/mta/pattern-lint.ts';
import { ExitCode } from '../exit-codes.ts';
import type { CommandIo } from '../io.ts';

/** Replies of a kind that are shown; the rest is in the JSON. */
const SHOWN = 20;

/** `windtunnel mta lint FILE` */
export function mtaLintCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('lint')
    .description("hold a PowerMTA configuration's patterns against what ISPs say today when they throttle")
    .argument('<file>', 'the configuration')
    .option('--json', 'print what was found as JSON')
    .action((file: string, options: { json?: true }) => {
      const lint = lintPatterns(read(file), wallClock());
      io.stdout.write(options.json ? `${JSON.stringify(lint, null, 2)}\n` : describe(lint));
      if (lint.isps.some(({ missed, worse }) => missed.length + worse.length > 0))
        setExitCode(ExitCode.thresholdFailed);
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HarnessError('usage', `can't read the configuration ${file}: ${messageOf(cause)}`, { cause });
  }
}

function describe({ isps, notes }: Lint): string {
  return [...isps.map(describeIsp), ...notes.map((note) => `note: ${note}\n`)].join('\n');
}

function describeIsp({ isp, lists, throttling, missed, worse, needless, advice }: IspLint): string {
  const met = throttling - missed.length - worse.length;
  const by = lists.length === 0 ? 'none of its domains has an smtp-pattern-list' : lists.join(', ');
  return [
    `${missed.length + worse.length === 0 ? '✓' : '✗'} ${isp}: slows down for ${met} of ${throttling} throttling replies (${by})\n`,
    ...kind('no pattern slows down for', missed),
    ...kind('throttling that bounces the queue or ends its backoff', worse),
    ...kind('slows down, though this is not about pace', needless),
    ...advice.map((sentence) => `  ${sentence}\n`),
  ].join('');
}

function kind(title: string, replies: readonly LintedReply[]): string[] {
  if (replies.length === 0) return [];
  const more = replies.length - SHOWN;
  return [
    `  ${title}:\n`,
    ...replies.slice(0, SHOWN).map(({ id, text, line }) => {
      const by = line === undefined ? '' : ` (line ${line})`;
      return `    ${id.padEnd(12)} ${text}${by}\n`;
    }),
    ...(more > 0 ? [`    and ${more} more\n`] : []),
  ];
}
