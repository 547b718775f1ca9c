import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { intervals, needHook, retryWaits } from './schedule.ts';
import { listenLines, submissionFiles, submissionPlugins } from './submission.ts';

/** The name of the plugin in Haraka; its code is plugin.cjs. */
export const PLUGIN = 'windtunnel';

/**
 * Every file that Haraka reads, for a plan whose submission port is known. Each is as an operator would write it:
 * what is not here is Haraka's default. `haraka -i` copies connection.ini too; without it Haraka crashes.
 * @throws HarnessError of kind `invalid-scenario` for a user that Haraka can't have
 */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const files: Record<string, string> = {
    me: `${plan.hostname}\n`,
    plugins: submissionPlugins(plan.submission).concat(PLUGIN, '').join('\n'),
    'smtp.ini': smtpIni(plan),
    'connection.ini': CONNECTION_INI,
    'outbound.ini': outboundIni(plan),
    'outbound.bounce_message': BOUNCE_MESSAGE,
    'log.ini': LOG_INI,
    [`${PLUGIN}.json`]: `${JSON.stringify(pluginSettings(plan), null, 2)}\n`,
    // No time limit on hooks: Haraka's own for DNS holds, and each limit is a timer for every hook of every message.
    [`${PLUGIN}.timeout`]: '0\n',
  };
  return [
    ...Object.entries(files).map(([name, text]) => ({ name: `config/${name}`, text, secret: false })),
    ...submissionFiles(plan.submission),
  ];
}

/** What plugin.cjs reads. */
export interface PluginSettings {
  readonly sources: readonly { readonly address: string; readonly helo: string; readonly vmta: string }[];
  readonly routes?: MtaPlan['routes'];
  readonly waits?: readonly { readonly seconds: number; readonly times: number }[];
}

function pluginSettings(plan: MtaPlan): PluginSettings {
  const waits = retryWaits(plan.retry, plan.expire);
  return {
    sources: plan.sources.map(({ address, helo, vmta }) => ({ address, helo, vmta })),
    ...(plan.routes && { routes: plan.routes }),
    ...(needHook(waits) && { waits }),
  };
}

function smtpIni(plan: MtaPlan): string {
  const lines = [
    ...listenLines(plan),
    // Without a public address Haraka asks a public STUN server for it before its first delivery.
    `public_ip=${plan.sources[0]?.address ?? plan.submission.addresses[0]}`,
    'nodes=0',
    'inactivity_timeout=300',
  ];
  return `${lines.join('\n')}\n`;
}

function outboundIni(plan: MtaPlan): string {
  const lines = [
    `concurrency_max=${plan.concurrency}`,
    `temp_fail_intervals=${intervals(retryWaits(plan.retry, plan.expire))}`,
    'connect_timeout=30',
    // STARTTLS where it is offered; certificates are not verified unless force_tls_hosts names the host.
    'enable_tls=true',
    // The connection has added its Received field already; this would be a second one for the same hop.
    'received_header=disabled',
  ];
  if (plan.routes) lines.push('local_mx_ok=true');
  return `${lines.join('\n')}\n`;
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
