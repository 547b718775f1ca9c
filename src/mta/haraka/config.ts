import type { HttpApi } from '../../core/http-injection.ts';
import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { intervals, needHook, retryWaits } from './schedule.ts';
import { listenLines, submissionFiles, submissionPlugins } from './submission.ts';

/** The plugins that make Haraka what every plan wants (plugins/*.cjs), in the order in which their hooks are to run. */
const PLUGINS = ['relay', 'sources', 'events', 'pace'] as const;

/** The plugins of a plan: what it asks for over HTTP has one of its own. */
function pluginsOf({ submission }: MtaPlan): readonly string[] {
  return [...PLUGINS, ...(submission.http ? ['http'] : [])];
}

/** The plugins that must lie in Haraka's folder: those of a plan, and what they inherit from. */
export function pluginFiles(plan: MtaPlan): readonly string[] {
  return [...pluginsOf(plan), ...(plan.submission.http ? ['http_forms'] : [])];
}

/** The name that Haraka knows a plugin by. */
export function pluginName(plugin: string): string {
  return `windtunnel_${plugin}`;
}

/** Where the plugin `events` writes, in the MTA's folder. */
export const EVENTS = 'events';

/**
 * Every file that Haraka reads, for a plan whose submission port is known. Each is as an operator would write it:
 * what is not here is Haraka's default. `haraka -i` copies connection.ini too; without it Haraka crashes.
 * @throws HarnessError of kind `invalid-scenario` for a user that Haraka can't have
 */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const plugins = [...submissionPlugins(plan.submission), ...pluginsOf(plan).map(pluginName)];
  const files: Record<string, string> = {
    me: `${plan.hostname}\n`,
    plugins: `${plugins.join('\n')}\n`,
    'smtp.ini': smtpIni(plan),
    'connection.ini': CONNECTION_INI,
    'outbound.ini': outboundIni(plan),
    'outbound.bounce_message': BOUNCE_MESSAGE,
    'log.ini': LOG_INI,
    'windtunnel.json': `${JSON.stringify(pluginSettings(plan), null, 2)}\n`,
    // No time limit on hooks: Haraka's own for DNS holds, and each limit is a timer for every hook of every message.
    plugin_timeout: '0\n',
    ...(plan.tls === 'required' && { 'tls.ini': tlsIni(plan) }),
  };
  return [
    ...Object.entries(files).map(([name, text]) => ({ name: `config/${name}`, text, secret: false })),
    ...submissionFiles(plan.submission),
  ];
}

/** What the plugins read. */
export interface PluginSettings {
  readonly vmtas: readonly {
    readonly name: string;
    readonly sources: readonly { readonly address: string; readonly helo: string }[];
  }[];
  readonly pools: MtaPlan['pools'];
  /** `chosen`: by the scenario, so that its members keep to it. */
  readonly defaultPool: MtaPlan['defaultPool'] & { readonly chosen: boolean };
  readonly isps: readonly Pick<MtaPlan['isps'][number], 'id' | 'domains' | 'concurrency' | 'rate'>[];
  readonly ownDomains: readonly string[];
  readonly relayFrom: readonly string[];
  readonly eventsFolder: string;
  /** `host`: the name that its certificate is for, where Haraka is to verify it. */
  readonly routes?: Readonly<
    Record<string, { readonly address: string; readonly port: number; readonly host?: string }>
  >;
  readonly waits?: readonly { readonly seconds: number; readonly times: number }[];
  readonly workers?: number;
  readonly http?: {
    readonly address: string;
    readonly port: number;
    readonly apis: readonly HttpApi[];
    /** SparkPost's API key. */
    readonly key: string;
  };
}

function pluginSettings(plan: MtaPlan): PluginSettings {
  const { sources, vmtas, pools, defaultPool, workers } = plan;
  const { http, addresses } = plan.submission;
  const waits = retryWaits(plan.retry, plan.expire);
  return {
    vmtas: vmtas.map((vmta) => ({
      name: vmta.name,
      sources: vmta.sources.flatMap((index) => {
        const source = sources[index];
        return source ? [{ address: source.address, helo: source.helo }] : [];
      }),
    })),
    pools,
    defaultPool: { ...defaultPool, chosen: pools.some(({ name }) => name === defaultPool.name) },
    isps: plan.isps.map(({ id, domains, concurrency, rate }) => ({
      id,
      domains,
      concurrency,
      rate,
    })),
    ownDomains: plan.senderDomains,
    relayFrom: plan.submission.relayFrom,
    eventsFolder: EVENTS,
    ...(plan.routes && { routes: routesOf(plan) }),
    ...(needHook(waits) && { waits }),
    ...(workers !== undefined && { workers }),
    ...(http && { http: { address: addresses[0] ?? '127.0.0.1', ...http } }),
  };
}

/** Without a seal Haraka knows the name of an ISP's mail host from here alone. */
function routesOf({ routes = {}, isps, tls }: MtaPlan): NonNullable<PluginSettings['routes']> {
  if (tls !== 'required') return routes;
  return Object.fromEntries(
    Object.entries(routes).map(([domain, route]) => {
      const host = isps.find(({ domains }) => domains.includes(domain))?.hosts[0];
      return [domain, { ...route, ...(host !== undefined && { host }) }];
    }),
  );
}

function smtpIni(plan: MtaPlan): string {
  const lines = [
    ...listenLines(plan),
    // Without a public address Haraka asks a public STUN server for it before its first delivery.
    `public_ip=${plan.sources[0]?.address ?? plan.submission.addresses[0]}`,
    `nodes=${plan.workers ?? 0}`,
    'inactivity_timeout=300',
  ];
  return `${lines.join('\n')}\n`;
}

function outboundIni(plan: MtaPlan): string {
  const lines = [
    // Of each worker.
    `concurrency_max=${Math.max(1, Math.floor(plan.concurrency / (plan.workers ?? 1)))}`,
    `temp_fail_intervals=${intervals(retryWaits(plan.retry, plan.expire))}`,
    'connect_timeout=30',
    // STARTTLS where it is offered; certificates are not verified unless force_tls_hosts names the host.
    `enable_tls=${plan.tls !== 'none'}`,
    // The connection has added its Received field already; this would be a second one for the same hop.
    'received_header=disabled',
  ];
  if (plan.routes) lines.push('local_mx_ok=true');
  return `${lines.join('\n')}\n`;
}

/** Nothing leaves for an ISP without TLS. Haraka verifies the certificate of whom it is forced to speak TLS with. */
function tlsIni({ isps }: MtaPlan): string {
  const domains = isps.flatMap((isp) => isp.domains);
  return `[outbound]\n${domains.map((domain) => `force_tls_hosts[]=${domain}\n`).join('')}`;
}

const CONNECTION_INI = `[max]
bytes=26214400
mime_parts=1000
line_length=512
data_line_length=992

[headers]
max_lines=1000
max_received=100

[message]
helo=Haraka is at your service.
close=closing connection. Have a jolly good day.

[uuid]
banner_chars=6
deny_chars=0
`;

/** One line for each delivery and connection; `info` adds several for each message. */
const LOG_INI = `[main]
level=notice
timestamps=true
format=default
`;

/** Header and text part of a DSN; Haraka adds message/delivery-status and the original's header (RFC 3464). */
const BOUNCE_MESSAGE = `Received: (Haraka {pid} invoked for bounce); {date}
Date: {date}
From: MAILER-DAEMON@{me}
To: {to}
Auto-Submitted: auto-replied
Subject: failure notice
Message-Id: {msgid}

This is the mail system at {me}.
Your message "{subject}" could not be delivered to: {recipients}
Reason: {reason}

{extended_reason}
`;
