/**
 * How k6 is called. Flags and variables are those of k6 1.7 and 2.x (k6 documentation, "Options reference" and "k6 run
 * --help"); what v2 has dropped (`--no-summary`, `--linger`'s REST API by default) is not used.
 */
import type { WorkerShare } from '../running-load.ts';
import { PLAN_VARIABLE } from './prepare.ts';

/**
 * The environment that k6 gets: this one without what would change the run behind the scenario's back. K6_ variables are
 * options; a proxy would be asked for the MTA; keys of TLS connections would be written down. Nothing is reported or
 * downloaded.
 */
export function k6Environment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => !/^(?:K6_|SSLKEYLOGFILE$|(?:https?|all|no)_proxy$)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
  };
}

/** What a run of k6 is made from: paths of files, and what is k6's part. */
export interface K6Run {
  /** Our own plan, for the script. */
  readonly plan: string;
  /** A configuration of k6 that says nothing, so that the user's own is not read. */
  readonly config: string;
  readonly share: WorkerShare;
  /** It must reach nothing but 127.0.0.0/8, whatever the script asks for. */
  readonly fenced: boolean;
}

/** All of IPv4 but 127.0.0.0/8, and all of IPv6 that leads anywhere (NAT64, global, local, link). */
const BEYOND_LOOPBACK = [
  ...['0.0.0.0/2', '64.0.0.0/3', '96.0.0.0/4', '112.0.0.0/5', '120.0.0.0/6', '124.0.0.0/7', '126.0.0.0/8'],
  ...['128.0.0.0/1', '64:ff9b::/32', '2000::/3', 'fc00::/7', 'fe80::/10'],
];

/** The arguments of `k6`, but for the script, which comes last. */
export function k6Arguments({ plan, config, share, fenced }: K6Run): string[] {
  return [
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    // Thresholds are judged over all k6 processes together, by the harness.
    '--no-thresholds',
    ...['--config', config],
    // No REST API: the empty address turns it off in both versions.
    ...['--address', ''],
    ...['--out', 'json=-'],
    ...['--env', `${PLAN_VARIABLE}=${plan}`],
    ...(fenced ? ['--blacklist-ip', BEYOND_LOOPBACK.join(',')] : []),
    ...segmentArguments(share),
  ];
}

/** Gives a process its part of the whole (k6 documentation, "Execution segment"); a process that has all gets none. */
export function segmentArguments({ worker, of }: WorkerShare): string[] {
  if (of === 1) return [];
  const bounds = Array.from({ length: of + 1 }, (_, at) =>
    at === 0 ? '0' : at === of ? '1' : `${at}/${of}`,
  );
  return [
    ...['--execution-segment', `${bounds[worker]}:${bounds[worker + 1]}`],
    ...['--execution-segment-sequence', bounds.join(',')],
  ];
}
