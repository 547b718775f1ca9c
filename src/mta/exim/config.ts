import type { ConfigFile, MtaIsp, MtaPlan } from '../adapter.ts';
import { PLACES, SEEN } from './places.ts';
import { retryRule, seconds } from './schedule.ts';
import { authenticators, listenLines } from './submission.ts';
import { addressesOf, CHOICE, choiceAcls, faces } from './vmtas.ts';

/** Queue runners at a time, unless the plan says how many processes there may be; Exim's default. */
const QUEUE_RUNNERS = 5;

/** Deliveries of one message at a time, to different domains. */
const MOST_AT_ONCE = 20;

/** Every file that Exim reads, as an operator would write it: what is not here is Exim's default. */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const { certificate } = plan.submission;
  const text = [
    ...mainSection(plan),
    ...acls(plan),
    ...routers(plan),
    ...transports(plan),
    'begin retry',
    '',
    `*  *  ${retryRule(plan.retry, plan.expire)}`,
    '',
    ...authenticators(plan.submission),
  ].join('\n');
  return [
    { name: PLACES.config, text, secret: plan.submission.users.length > 0 },
    ...(certificate
      ? [
          { name: PLACES.certificate, text: certificate.cert, secret: false },
          // The key serves this run alone and nobody trusts its authority, so that it may stay in the run's folder.
          { name: PLACES.key, text: certificate.key, secret: true },
        ]
      : []),
  ];
}

function mainSection(plan: MtaPlan): string[] {
  const { hostname, submission, senderDomains, workers, concurrency, expire } = plan;
  return [
    `primary_hostname = ${hostname}`,
    `domainlist sender_domains = ${senderDomains.join(' : ')}`,
    `hostlist relay_from_hosts = <; ${submission.relayFrom.join(' ; ')}`,
    '',
    '# An instance of its own, all of whose mail goes to remote hosts: it never needs to be root again.',
    `exim_path = ${SEEN.program}`,
    'keep_environment = LD_LIBRARY_PATH',
    'deliver_drop_privilege = true',
    `spool_directory = ${SEEN.home}/${PLACES.queue}`,
    'split_spool_directory = true',
    'message_logs = false',
    `pid_file_path = ${SEEN.home}/${PLACES.log}/exim.pid`,
    `log_file_path = ${SEEN.home}/${PLACES.log}/%slog`,
    'log_selector = +millisec +incoming_interface +outgoing_interface +received_recipients +received_sender \\',
    '  +sender_on_delivery +smtp_connection -retry_defer -queue_run -skip_delivery',
    'timezone = UTC',
    '',
    ...listenLines(plan),
    'daemon_startup_retries = 0',
    'smtp_accept_max = 0',
    'smtp_accept_queue_per_connection = 0',
    'smtp_accept_max_per_connection = 0',
    'smtp_accept_max_nonmail_hosts =',
    'smtp_connect_backlog = 1000',
    'message_size_limit = 0',
    'rfc1413_hosts =',
    'host_lookup =',
    '',
    'acl_smtp_rcpt = check_recipient',
    `acl_smtp_data = ${CHOICE}`,
    `acl_not_smtp = ${CHOICE}`,
    '',
    `queue_run_max = ${workers ?? QUEUE_RUNNERS}`,
    `remote_max_parallel = ${Math.min(concurrency, MOST_AT_ONCE)}`,
    'delay_warning = 0s',
    'ignore_bounce_errors_after = 0s',
    `timeout_frozen_after = ${seconds(expire)}s`,
    '',
  ];
}

function acls(plan: MtaPlan): string[] {
  return [
    'begin acl',
    '',
    'check_recipient:',
    '  accept hosts = +relay_from_hosts',
    '  accept authenticated = *',
    '  accept domains = +sender_domains',
    '  deny   message = relay not permitted',
    '',
    ...choiceAcls(plan),
  ];
}

/** ISPs that have a limit of their own, and so a transport. */
function limitedIsps({ isps }: MtaPlan): readonly MtaIsp[] {
  return isps.filter(({ concurrency, domains }) => concurrency !== undefined && domains.length > 0);
}

function routers(plan: MtaPlan): string[] {
  const router = (name: string, domains: string, transport: string): string[] => [
    `${name}:`,
    '  driver = dnslookup',
    `  domains = ${domains}`,
    `  transport = ${transport}`,
    '  ignore_target_hosts = $acl_m_unreachable',
    '  no_more',
    '',
  ];
  return [
    'begin routers',
    '',
    "# The sender's own mailboxes, which DSNs go to: from whatever address, or a virtual MTA could keep them from arriving.",
    'mailroom:',
    '  driver = dnslookup',
    '  domains = +sender_domains',
    '  transport = mailroom',
    '  no_more',
    '',
    ...limitedIsps(plan).flatMap(({ id, domains }) => router(`to_${id}`, domains.join(' : '), `smtp_${id}`)),
    ...router('everywhere', '*', 'smtp_from_$acl_m_face'),
  ];
}

function transports(plan: MtaPlan): string[] {
  const { tls, concurrency } = plan;
  const transport = (name: string, from: string, connections: number, ...more: string[]): string[] => [
    `${name}:`,
    '  driver = smtp',
    `  interface = ${from}`,
    `  helo_data = \${if isip6{$sending_ip_address}{$acl_m_helo6}{$acl_m_helo4}}`,
    `  max_parallel = ${connections}`,
    ...more,
    ...TLS[tls],
    '',
  ];
  return [
    'begin transports',
    '',
    '# Exim hands an open connection on to whatever waits for the same host and the same transport, so each source has its own.',
    ...faces(plan).flatMap((face) => transport(`smtp_from_${face.index}`, addressesOf(face), concurrency)),
    ...limitedIsps(plan).flatMap((isp) =>
      transport(
        `smtp_${isp.id}`,
        '$acl_m_interface',
        Math.min(isp.concurrency ?? concurrency, concurrency),
        // Only one transport can hold all sources to one limit, so none of its connections is handed on.
        '  connection_max_messages = 1',
      ),
    ),
    'mailroom:',
    '  driver = smtp',
    ...TLS[tls === 'required' ? 'opportunistic' : tls],
    '',
  ];
}

/** No certificate is verified, and none looked for in DNS (DANE). */
const TLS: Readonly<Record<MtaPlan['tls'], readonly string[]>> = {
  none: ['  hosts_avoid_tls = *'],
  opportunistic: ['  hosts_try_dane =', '  tls_verify_certificates ='],
  required: ['  hosts_require_tls = *', '  hosts_try_dane =', '  tls_verify_certificates ='],
};
