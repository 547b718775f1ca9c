import type { MtaPlan } from '../adapter.ts';
import { toml, type Value } from './lua.ts';

/** The name under which all destinations share a limit of connections. */
const ALL = 'all-destinations';

const TLS = { none: 'Disabled', opportunistic: 'OpportunisticInsecure', required: 'RequiredInsecure' };

/** Periods in which KumoMTA counts, in seconds. */
const PERIODS: readonly (readonly [string, number])[] = [
  ['s', 1],
  ['min', 60],
  ['hr', 3600],
  ['day', 86_400],
];

/** How far a rate in whole messages may be from the one that was asked for. */
const NEAR = 0.02;

/** Traffic shaping: what is the same for all destinations, and what each ISP has beside it, by the names of its mail hosts. */
export function shapingToml({ tls, concurrency, isps }: MtaPlan): string {
  const everywhere = {
    // Certificates in the lab are nobody's; whom they are for is not checked.
    enable_tls: TLS[tls],
    // By default loopback, which is where a lab may be.
    prohibited_hosts: [],
    additional_connection_limits: { [ALL]: concurrency },
  };
  const providers = isps
    .filter((isp) => isp.concurrency !== undefined || isp.rate !== undefined)
    .map((isp) =>
      section(`provider.${JSON.stringify(isp.id)}`, {
        match: isp.hosts.map((host) => ({ HostName: host })),
        ...(isp.concurrency !== undefined && {
          // The limit of each source and site would be in the way otherwise.
          connection_limit: isp.concurrency,
          provider_connection_limit: isp.concurrency,
        }),
        ...(isp.rate !== undefined && { provider_max_message_rate: rate(isp.rate) }),
      }),
    );
  return [section('"default"', everywhere), ...providers].join('\n');
}

/** A rate as a whole number of messages in the shortest period in which it comes near, such as `90/min`. */
export function rate(perSecond: number): string {
  const [unit, seconds] =
    PERIODS.find(([, each]) => {
      const count = Math.round(perSecond * each);
      return count >= 1 && Math.abs(count / each / perSecond - 1) <= NEAR;
    }) ?? (PERIODS.at(-1) as (typeof PERIODS)[number]);
  return `${Math.max(1, Math.round(perSecond * seconds))}/${unit}`;
}

function section(name: string, settings: Readonly<Record<string, Value>>): string {
  const lines = Object.entries(settings).map(([setting, value]) => `${setting} = ${toml(value)}\n`);
  return `[${name}]\n${lines.join('')}`;
}
