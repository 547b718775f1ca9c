import { Command } from 'commander';
import { HarnessError } from '../../core/errors.ts';
import { parseShare } from '../../core/units.ts';
import { comparePaths, pathsSideBySide } from '../../lab/folder/compared-runs.ts';
import { renderMarkdown } from '../../report/comparison/markdown.ts';
import {
  markdownSideBySide,
  renderSideBySide,
  type SideBySide,
} from '../../report/comparison/side-by-side.ts';
import { renderText } from '../../report/comparison/text.ts';
import { renderJson } from '../../report/json.ts';
import { keepComparison } from '../comparison-file.ts';
import type { CommandIo } from '../io.ts';

interface CompareOptions {
  readonly tolerance?: string;
  readonly smallest?: string;
  readonly all?: true;
  readonly sideBySide?: true;
  readonly json?: true;
  readonly markdown?: true;
  readonly junit?: string;
}

/** `windtunnel compare BASELINE RUN…` */
export function compareCommand(io: CommandIo, setExitCode: (code: number) => void): Command {
  return new Command('compare')
    .description('compare runs with those of a baseline, metric by metric; what thresholds name gates')
    .argument('<baseline>', 'the folder of a run or of a group, or the summary.json or group.json kept of it')
    .argument('<run...>', 'the same; several are taken together')
    .option('--tolerance <share>', 'what counts as a change with fewer than three runs a side (default: 10%)')
    .option('--smallest <share>', 'the smallest change that matters, however sure it is (default: 2%)')
    .option('--all', 'list what did not change too')
    .option('--side-by-side', 'print all of them in one table, a column for each path; nothing gates')
    .option('--json', 'print the comparison as JSON')
    .option('--markdown', "print it as GitHub-flavoured Markdown, for a job's summary")
    .option('--junit <file>', 'also write it as JUnit XML: a test case for each metric that gates')
    .action((baseline: string, runs: string[], options: CompareOptions) => {
      if (options.json && options.markdown)
        throw new HarnessError('usage', '--json and --markdown: expected one of them');
      if (options.sideBySide && options.junit !== undefined)
        throw new HarnessError('usage', '--side-by-side and --junit: nothing gates side by side');
      if (options.sideBySide) {
        io.stdout.write(sideBySideText(pathsSideBySide([baseline, ...runs]), options, io));
        return;
      }
      const comparison = comparePaths(baseline, runs, {
        ...(options.tolerance !== undefined && { tolerance: shareOf('--tolerance', options.tolerance) }),
        ...(options.smallest !== undefined && { smallest: shareOf('--smallest', options.smallest) }),
      });
      const { color, columns } = io.stdout;
      if (options.json) io.stdout.write(renderJson(comparison));
      else if (options.markdown) io.stdout.write(renderMarkdown(comparison));
      else
        io.stdout.write(renderText(comparison, { color, width: columns ?? 100, all: options.all === true }));
      setExitCode(
        options.junit === undefined
          ? comparison.verdict.exitCode
          : keepComparison(options.junit, comparison, io.stderr),
      );
    });
}

function sideBySideText(table: SideBySide, options: CompareOptions, { stdout }: CommandIo): string {
  const all = options.all === true;
  if (options.json) return renderJson(table);
  if (options.markdown) return markdownSideBySide(table, all);
  return renderSideBySide(table, { color: stdout.color, width: stdout.columns ?? 100, all });
}

function shareOf(option: string, text: string): number {
  const share = parseShare(text);
  if (share !== undefined) return share;
  throw new HarnessError('usage', `${option} ${text}: expected a share such as 10%`);
}
