/** An MTA that the user configures: what the scenario must say of it, and what the user must know before the run. */
import { dirname, resolve } from 'node:path';
import type { HttpApi } from '../core/http-injection.ts';
import { isLoopback } from '../core/proof.ts';
import { trim } from '../core/units.ts';
import type { ExternalMta } from '../mta/adapter.ts';
import type { LoadedScenario } from './load.ts';
import type { Fault } from './load-plan.ts';

/** Where an external MTA takes mail in over SMTP, if the scenario does not say. */
const SUBMISSION = { address: '127.0.0.1', port: 25 };

/** The plan for an external MTA; undefined for scenarios of any other. Paths are as seen from the scenario's folder. */
export function plannedExternal(loaded: LoadedScenario, fault: Fault): ExternalMta | undefined {
  const { mta, clock, isps } = loaded.scenario;
  if (mta.adapter !== 'external') return undefined;
  const { external: wish } = mta;
  if (!wish) {
    fault(
      ['mta', 'adapter'],
      'expected mta.external beside it: how the MTA is started, or where it takes mail in, such as { start: [my-mta, -c, /etc/my-mta], submission: 127.0.0.1:25 }',
    );
    return undefined;
  }
  const { start, stop, queue, logs, http, ready, routed, firstPort, scaled } = wish;
  const submission = wish.submission ?? (http && overHttpAlone(loaded.scenario) ? undefined : SUBMISSION);
  if (clock.scale !== 1 && !scaled) {
    fault(
      ['clock', 'scale'],
      `found ${trim(clock.scale)}; expected 1, since an MTA with a configuration of its own runs on the real clock, or mta.external.scaled: true if the times in that are divided by ${trim(clock.scale)}`,
    );
  }
  if (start === undefined) {
    if (stop !== undefined) fault(['mta', 'external', 'stop'], 'expected start beside it');
    for (const [key, place] of [['submission', submission] as const, ['http', http?.address] as const])
      if (place && !isLoopback(place.address))
        fault(
          ['mta', 'external', key],
          `found ${place.address}; expected a loopback address, or start beside it: without a seal nothing else is sent to`,
        );
    for (const [at, { ip }] of mta.sources.entries()) {
      if (!isLoopback(ip))
        fault(
          ['mta', 'sources', at],
          `found ${ip}; expected the loopback address that the MTA sends from, such as 127.0.0.1, since it runs on this machine`,
        );
    }
    if (!routed)
      fault(
        ['mta', 'external'],
        'expected start, so that the MTA runs in the seal, or routed: true, your word that it sends all mail for the domains of the ISPs to windtunnel (check prints the routes): without a seal what it sends elsewhere really leaves',
      );
  }
  const last = firstPort + Object.keys(isps).length;
  if (last > 65_535)
    fault(
      ['mta', 'external', 'firstPort'],
      `found ${firstPort}; expected at most ${65_535 - (last - firstPort)}`,
    );
  checkForms(loaded.scenario, http?.api, fault);
  const here = dirname(loaded.file);
  const cwd = resolve(here, wish.cwd);
  return {
    start,
    stop,
    queue,
    cwd,
    logs: logs.map((file) => resolve(here, file)),
    ...(submission && { submission }),
    ...(http && {
      http: { ...http.address, api: http.api, ...(http.key !== undefined && { key: http.key }) },
    }),
    readyWithin: ready,
    firstPort,
  };
}

/** Whether nobody speaks SMTP with the MTA: neither a load nor a check. */
function overHttpAlone({ load, loads, checks }: LoadedScenario['scenario']): boolean {
  const all = [...(load ? [load] : []), ...Object.values(loads ?? {})];
  return checks === undefined && all.every(({ engine }) => engine === 'k6');
}

/** Says which loads speak a form over HTTP that the MTA is not said to speak. */
function checkForms(
  { load, loads }: LoadedScenario['scenario'],
  api: HttpApi | undefined,
  fault: Fault,
): void {
  const all = [
    ...(load ? [[['load'], load] as const] : []),
    ...Object.entries(loads ?? {}).map(([name, wish]) => [['loads', name], wish] as const),
  ];
  for (const [path, wish] of all) {
    if (wish.engine !== 'k6' || wish.api === undefined || wish.api === api) continue;
    const has = api === undefined ? 'mta.external.http, where the MTA takes mail in' : api;
    fault([...path, 'api'], `found ${wish.api}; expected ${has}`);
  }
}

/** What the user must know of a run with an external MTA: what it is to be pointed at, and what is not told to it. */
export function externalNotes(
  external: ExternalMta | undefined,
  isps: readonly { readonly resolved: { readonly id: string; readonly domains: readonly string[] } }[],
  senders: readonly { readonly domain: string }[],
): string[] {
  if (!external) return [];
  const { start, submission, http, firstPort } = external;
  const at = [submission && `at ${placeOf(submission)}`, http && `over HTTP at ${placeOf(http)}`]
    .filter((place) => place !== undefined)
    .join(' and ');
  const own =
    'the MTA has its own configuration: of the scenario’s mta it knows nothing; mta.sources must be the addresses that it sends from';
  if (start)
    return [
      own,
      `the MTA runs in the seal, where it finds DNS, the ISPs' mail hosts and port 25 as on the internet; it must take mail in ${at}`,
    ];
  const mailroom = senders.map(({ domain }) => domain).join(', ');
  return [
    own,
    `the MTA is yours to start, on this machine; it must take mail in ${at} from 127.0.0.1, and send`,
    `  ${mailroom} to 127.0.0.1 port ${firstPort} (DSNs and reports to the sender)`,
    ...isps.map(
      ({ resolved: { id, domains } }, index) =>
        `  ${domains.join(', ')} to 127.0.0.1 port ${firstPort + 1 + index} (${id})`,
    ),
  ];
}

function placeOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
