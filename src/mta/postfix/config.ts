/** The files that Postfix reads. What is not in them is Postfix's default. */
import { join } from 'node:path';
import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { headerTables, recipientTables } from './choice.ts';
import type { Installation } from './installation.ts';
import { masterCf } from './master.ts';
import { transportsOf } from './transports.ts';

/** Folders and files below the MTA's own. */
export const PLACES = { config: 'config', queue: 'queue', data: 'data', log: 'mail.log' } as const;

/** As with the other MTAs. Postfix takes no mail while its disk has less than one and a half times that to spare. */
const LARGEST_MESSAGE = 26_214_400;

/** What processes keep of their environment (postconf(5) import_environment), with the log's times in UTC. */
const ENVIRONMENT = 'MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME TZ=UTC';

/** How often Postfix looks for mail that is due, seconds, if not more often by the scenario's waits. */
const QUEUE_RUN = 300;

/** Looks in the time of the shortest wait: so much later than it was due a retry may be. */
const LOOKS_A_WAIT = 4;

/**
 * main.cf and master.cf for a plan whose submission ports are known, and what they name.
 * @param installation where Postfix is, if not where it was built to be
 */
export function configFiles(plan: MtaPlan, installation?: Installation): readonly ConfigFile[] {
  const files = [
    { name: 'main.cf', text: mainCf(plan, installation), secret: false },
    { name: 'master.cf', text: masterCf(plan, queueRunS(plan)), secret: false },
  ];
  const { certificate } = plan.submission;
  if (certificate) {
    files.push({ name: 'cert.pem', text: certificate.cert, secret: false });
    files.push({ name: 'key.pem', text: certificate.key, secret: true });
  }
  return files.map((file) => ({ ...file, name: join(PLACES.config, file.name) }));
}

function mainCf(plan: MtaPlan, installation: Installation | undefined): string {
  const { folder, hostname, senderDomains, submission } = plan;
  const moved = installation?.prefix === undefined ? undefined : installation;
  const settings: Record<string, string | number> = {
    compatibility_level: '3.6',
    ...(moved && {
      command_directory: moved.commandDirectory,
      daemon_directory: moved.daemonDirectory,
      meta_directory: moved.metaDirectory,
      shlib_directory: moved.shlibDirectory,
    }),
    queue_directory: join(folder, PLACES.queue),
    // Seen from the queue, where all of Postfix is at home: a user of its own may not enter every folder above.
    data_directory: `../${PLACES.data}`,
    maillog_file: join(folder, PLACES.log),
    maillog_file_prefixes: folder,
    import_environment: moved ? `${ENVIRONMENT} LD_LIBRARY_PATH=${moved.libraryPath}` : ENVIRONMENT,
    myhostname: hostname,
    mydestination: '',
    alias_maps: '',
    local_recipient_maps: '',
    local_transport: 'error:no local mail',
    // Whom strangers may write to.
    relay_domains: senderDomains.join(' '),
    mynetworks: submission.relayFrom.map(network).join(' '),
    smtpd_relay_restrictions: 'permit_mynetworks, reject_unauth_destination',
    smtpd_recipient_restrictions: list(
      recipientTables(plan).map((table) => `check_recipient_access ${table}`),
    ),
    header_checks: list(headerTables(plan)),
    inet_interfaces: 'all',
    inet_protocols: 'all',
    message_size_limit: LARGEST_MESSAGE,
    ...timers(plan),
    ...tls(plan),
  };
  for (const { name, concurrency, delay } of transportsOf(plan)) {
    if (concurrency !== undefined) settings[`${name}_destination_concurrency_limit`] = concurrency;
    if (delay !== undefined) settings[`${name}_transport_rate_delay`] = `${delay}s`;
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`.replace(/ $| (?=\n)/, '').concat('\n'))
    .join('');
}

function seconds(micros: number): number {
  return Math.max(1, Math.round(micros / 1e6));
}

/** How often Postfix looks through its queue, in seconds. */
function queueRunS({ retry }: Pick<MtaPlan, 'retry'>): number {
  return Math.min(QUEUE_RUN, Math.max(1, Math.floor(Math.min(...retry.map(seconds)) / LOOKS_A_WAIT)));
}

/** The least and the longest wait: in between Postfix doubles. */
function timers({ retry, expire }: MtaPlan): Record<string, string> {
  const shortest = Math.min(...retry.map(seconds));
  const lifetime = `${seconds(expire)}s`;
  return {
    minimal_backoff_time: `${shortest}s`,
    maximal_backoff_time: `${Math.max(...retry.map(seconds))}s`,
    queue_run_delay: `${queueRunS({ retry })}s`,
    maximal_queue_lifetime: lifetime,
    bounce_queue_lifetime: lifetime,
  };
}

function tls({ folder, tls, senderDomains, submission: { certificate } }: MtaPlan): Record<string, string> {
  const own = senderDomains.map((domain) => `{${domain} = may}`).join(' ');
  return {
    smtp_tls_security_level: { none: 'none', opportunistic: 'may', required: 'encrypt' }[tls],
    // The mailroom, where DSNs go, has no TLS.
    ...(tls === 'required' && { smtp_tls_policy_maps: `inline:{${own}}` }),
    ...(certificate && {
      smtpd_tls_security_level: 'may',
      smtpd_tls_cert_file: join(folder, PLACES.config, 'cert.pem'),
      smtpd_tls_key_file: join(folder, PLACES.config, 'key.pem'),
    }),
  };
}

/** A value of several parts, each on a line of its own. */
function list(parts: readonly string[]): string {
  return parts.map((part) => `\n    ${part}`).join('');
}

/** An address or a network as mynetworks has it. */
function network(text: string): string {
  if (!text.includes(':')) return text;
  const [address, bits = '128'] = text.split('/');
  return `[${address}]/${bits}`;
}
