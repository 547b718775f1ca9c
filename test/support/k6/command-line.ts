/**
 * The command line of `k6 run` (k6 documentation, "Options reference"; `k6 run --help` of v2.3). Every flag of k6 is known,
 * so that a wrong one is refused as k6 does; what the stand-in does not carry out it refuses too, in its own name.
 */
import { readFileSync } from 'node:fs';
import { EXIT, K6Error } from './trouble.ts';

type Kind = 'switch' | 'value' | 'list';

/** Flags that the stand-in carries out, or may leave aside without a difference that shows here. */
const DONE: Record<string, Kind> = {
  out: 'list',
  env: 'list',
  tag: 'list',
  'execution-segment': 'value',
  'execution-segment-sequence': 'value',
  'no-thresholds': 'switch',
  'no-usage-report': 'switch',
  quiet: 'switch',
  'no-color': 'switch',
  address: 'value',
  config: 'value',
  'blacklist-ip': 'list',
};

/** Flags that only k6 itself has. */
const ONLY_K6 = [
  'no-setup',
  'no-teardown',
  'summary-mode',
  'vus',
  'duration',
  'iterations',
  'include-system-env-vars',
  'throw',
  'verbose',
  'log-format',
  'log-output',
  'user-agent',
  'discard-response-bodies',
  'system-tags',
  'stage',
  'paused',
  'max-redirects',
  'batch',
  'batch-per-host',
  'rps',
  'http-debug',
  'insecure-skip-tls-verify',
  'no-connection-reuse',
  'no-vu-connection-reuse',
  'min-iteration-duration',
  'block-hostnames',
  'summary-trend-stats',
  'summary-time-unit',
  'summary-export',
  'new-machine-readable-summary',
  'console-output',
  'local-ips',
  'dns',
  'compatibility-mode',
  'type',
  'traces-output',
  'linger',
  'features',
  'secret-source',
  'log-ns-timestamps',
  'profiling-enabled',
];

const SHORT: Record<string, string> = {
  u: 'vus',
  d: 'duration',
  i: 'iterations',
  o: 'out',
  e: 'env',
  q: 'quiet',
  v: 'verbose',
  a: 'address',
  c: 'config',
  w: 'throw',
};

/** A command line, read. */
export interface CommandLine {
  readonly script: string;
  /** By flag; a switch has '' for yes. */
  readonly values: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

/** Reads the arguments behind `k6 run`. Throws K6Error in k6's words. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const values = new Map<string, string>();
  const lists = new Map<string, string[]>();
  const scripts: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (!arg.startsWith('-') || arg === '-') {
      scripts.push(arg);
      continue;
    }
    const { name, given } = flagOf(arg);
    const kind = DONE[name] as Kind;
    if (kind === 'switch') {
      if (given === 'false') values.delete(name);
      else values.set(name, '');
      continue;
    }
    const value = given ?? args[++at];
    if (value === undefined) throw new K6Error(EXIT.other, `flag needs an argument: ${arg}`);
    if (kind === 'value') values.set(name, value);
    else lists.set(name, [...(lists.get(name) ?? []), value]);
  }
  const [script, more] = scripts;
  if (script === undefined || more !== undefined)
    throw new K6Error(
      EXIT.other,
      `accepts 1 arg(s), received ${scripts.length}: arg should either be a script`,
    );
  checkOutputs(lists.get('out') ?? []);
  checkEnv(lists.get('env') ?? []);
  checkConfig(values.get('config'));
  return { script, values, lists };
}

function flagOf(arg: string): { name: string; given: string | undefined } {
  const [, dashes, text = '', given] = /^(--?)([^=]*)(?:=(.*))?$/s.exec(arg) ?? [];
  const name = dashes === '--' ? text : SHORT[text];
  if (name === undefined)
    throw new K6Error(EXIT.other, `unknown shorthand flag: '${text.slice(0, 1)}' in ${arg}`);
  if (ONLY_K6.includes(name)) throw new K6Error(EXIT.other, `the stand-in for k6 lacks the flag --${name}`);
  if (DONE[name] === undefined) throw new K6Error(EXIT.other, `unknown flag: --${name}`);
  return { name, given };
}

function checkOutputs(outputs: readonly string[]): void {
  for (const output of outputs) {
    const [type] = output.split('=');
    if (type !== 'json')
      throw new K6Error(EXIT.config, `invalid output type '${type}', available types are: json`);
  }
}

/** A file of options: only one without any is taken, since the stand-in has no such layer. */
function checkConfig(path: string | undefined): void {
  if (path === undefined) return;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = (error as Error).message;
    throw new K6Error(
      EXIT.config,
      `failed to load the configuration file from the local file system: ${why}`,
    );
  }
  if (JSON.stringify(content) !== '{}')
    throw new K6Error(EXIT.other, 'the stand-in for k6 lacks options in a configuration file');
}

function checkEnv(pairs: readonly string[]): void {
  for (const pair of pairs) {
    const [name = ''] = pair.split('=');
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
      throw new K6Error(EXIT.other, `invalid environment variable name '${name}'`);
  }
}
