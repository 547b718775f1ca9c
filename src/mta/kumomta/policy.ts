/** The policy that kumod runs: settings as calls, decisions as handlers of events. */
import { isIPv6 } from 'node:net';
import type { Micros } from '../../core/clock.ts';
import type { MtaPlan, SubmissionPlan, VirtualMtaPool } from '../adapter.ts';
import { lua, type Value } from './lua.ts';

/** Where KumoMTA tells its metrics: to loopback. */
export const METRICS = '127.0.0.1:8000';

/** The largest request that it takes, bytes; by itself it takes 2 MB. */
const MOST_REQUEST = 33_554_432;

/** What is in a run's folder. */
export const SPOOL = 'spool';
export const LOGS = 'logs';
export const SHAPING = 'policy/shaping.toml';
export const USERS = 'policy/users.json';
export const CERTIFICATE = 'policy/smtp-certificate.pem';
export const KEY = 'policy/smtp-key.pem';

/** Below so many seconds of the first wait, KumoMTA's manual advises the queue that needs no ticking. */
const SHORT_WAIT_SECONDS = 20;

/** The policy of a plan. */
export function policyLua(plan: MtaPlan): string {
  const { folder, hostname, senderDomains, submission } = plan;
  const hasUsers = submission.users.length > 0;
  return `local kumo = require 'kumo'
local shaping = require 'policy-extras.shaping'
local log_hooks = require 'policy-extras.log_hooks'

local SOURCES = ${lua(sourcesOf(plan))}

-- Each virtual MTA is an egress pool of its sources.
local VMTAS = ${lua(vmtasOf(plan))}

-- Which virtual MTAs a message may go to, and how often.
local POOLS = ${lua(Object.fromEntries(allPools(plan).map((pool) => [pool.name, membersOf(pool)])))}
local DEFAULT_POOL = ${lua(plan.defaultPool.name)}

-- Strangers may write to these alone.
local SENDER_DOMAINS = ${lua(Object.fromEntries(senderDomains.map((domain) => [domain, true])))}
${hasUsers ? `local USERS = kumo.serde.json_load ${lua(`${folder}/${USERS}`)}\n` : ''}
kumo.on('init', function()
${initCalls(plan).join('\n')}
end)

kumo.on('get_listener_domain', function(domain, listener, conn_meta)
  if SENDER_DOMAINS[domain] then
    return kumo.make_listener_domain {
      relay_to = true,
      log_oob = 'LogThenRelay',
      log_arf = 'LogThenRelay',
    }
  end
${
  hasUsers
    ? `  if conn_meta:get_meta 'authz_id' then
    return kumo.make_listener_domain {
      relay_to = true,
    }
  end
`
    : ''
}end)
${
  hasUsers
    ? `
kumo.on('smtp_server_auth_plain', function(authz, authc, password, conn_meta)
  return password ~= '' and USERS[authc] == password
end)
`
    : ''
}
-- Chosen once, so that every attempt leaves from the same virtual MTA: an egress pool would choose anew for each.
local function choose(wanted)
  if wanted and VMTAS[wanted] then
    return wanted
  end
  local pool = POOLS[wanted or DEFAULT_POOL] or POOLS[DEFAULT_POOL]
  local all = 0
  for _, member in ipairs(pool) do
    all = all + member.weight
  end
  local turn = math.random() * all
  for _, member in ipairs(pool) do
    turn = turn - member.weight
    if turn < 0 then
      return member.vmta
    end
  end
  return pool[#pool].vmta
end

local function take(msg)
  local wanted = msg:get_first_named_header_value 'X-Virtual-MTA'
  msg:remove_x_headers { 'x-virtual-mta' }
  msg:set_meta('tenant', choose(wanted))
end

kumo.on('smtp_server_message_received', take)
${submission.http ? "kumo.on('http_message_generated', take)\n" : ''}
local function send_dsn(msg, log_record)
  if log_record.sender == '' or log_record.sender == '<>' then
    return
  end
  local report = kumo.generate_rfc3464_message({
    include_original_message = 'HeadersOnly',
    enable_bounce = true,
    enable_expiration = true,
    reporting_mta = { mta_type = 'dns', name = ${lua(hostname)} },
  }, msg, log_record)
  if report then
    report:set_meta('tenant', choose(nil))
    kumo.inject_message(report)
  end
end

log_hooks:new_disposition_hook {
  name = 'dsn',
  hook = send_dsn,
}

kumo.on('get_queue_config', function(domain, tenant, campaign, routing_domain)
  return kumo.make_queue_config ${lua(queueSettings(plan), '  ').replace("'$tenant'", 'tenant or choose(nil)')}
end)

kumo.on('get_egress_pool', function(pool_name)
  local entries = {}
  for _, source in ipairs(VMTAS[pool_name] or {}) do
    table.insert(entries, { name = source })
  end
  return kumo.make_egress_pool {
    name = pool_name,
    entries = entries,
  }
end)

kumo.on('get_egress_source', function(source_name)
  return kumo.make_egress_source {
    name = source_name,
    source_address = SOURCES[source_name].address,
    ehlo_domain = SOURCES[source_name].helo,
  }
end)

-- Without the rules that come with KumoMTA: those for Google refuse certificates that nobody has signed.
local shaper = shaping:setup_with_automation {
  no_default_files = true,
  extra_files = { ${lua(`${folder}/${SHAPING}`)} },
  publish = {},
  subscribe = {},
}
kumo.on('get_egress_path_config', shaper.get_egress_path_config)
`;
}

function initCalls(plan: MtaPlan): string[] {
  const { folder, resolver } = plan;
  return [
    ...['data', 'meta'].map((name) =>
      call('kumo.define_spool', { name, path: `${folder}/${SPOOL}/${name}`, kind: 'RocksDB' }),
    ),
    call('kumo.configure_local_logs', {
      log_dir: `${folder}/${LOGS}`,
      max_segment_duration: '10 seconds',
      compression_level: 1,
    }),
    ...(resolver === undefined
      ? []
      : [call('kumo.dns.configure_resolver', { name_servers: [`${resolver}:53`] })]),
    ...httpListeners(plan.submission).map((listen) =>
      call('kumo.start_http_listener', {
        listen,
        trusted_hosts: ['127.0.0.1'],
        ...(plan.submission.http && { request_body_limit: MOST_REQUEST }),
      }),
    ),
    ...listeners(plan).map((listen) =>
      call('kumo.start_esmtp_listener', {
        listen,
        hostname: plan.hostname,
        relay_hosts: plan.submission.relayFrom,
        ...(plan.submission.certificate && {
          tls_certificate: `${folder}/${CERTIFICATE}`,
          tls_private_key: `${folder}/${KEY}`,
        }),
      }),
    ),
  ];
}

function call(name: string, settings: Readonly<Record<string, Value>>): string {
  return `  ${name} ${lua(settings, '  ')}`;
}

function listeners({ submission, sources }: MtaPlan): string[] {
  const { addresses, port, listen }: SubmissionPlan = submission;
  if (listen === 'loopback')
    return addresses.map((address) => (isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`));
  const ipv6 = [...addresses, ...sources.map(({ address }) => address)].some(isIPv6);
  return [`0.0.0.0:${port}`, ...(ipv6 ? [`[::]:${port}`] : [])];
}

/** One for metrics, which also takes mail where that is wanted there. */
function httpListeners({ addresses, http }: SubmissionPlan): string[] {
  return [...new Set([METRICS, ...(http ? [`${addresses[0]}:${http.port}`] : [])])];
}

function sourcesOf({ sources }: MtaPlan): Record<string, Value> {
  return Object.fromEntries(sources.map(({ index, address, helo }) => [nameOf(index), { address, helo }]));
}

function vmtasOf({ vmtas }: MtaPlan): Record<string, Value> {
  return Object.fromEntries(vmtas.map(({ name, sources }) => [name, sources.map(nameOf)]));
}

function nameOf(source: number): string {
  return `source${source + 1}`;
}

function allPools({ pools, defaultPool }: MtaPlan): readonly VirtualMtaPool[] {
  return pools.some(({ name }) => name === defaultPool.name) ? pools : [...pools, defaultPool];
}

function membersOf({ members }: VirtualMtaPool): Value {
  return members.map(({ vmta, weight }) => ({ vmta, weight }));
}

/** Waits double from the first to the longest: KumoMTA knows no list. */
function queueSettings({ retry, expire }: MtaPlan): Record<string, Value> {
  const first = seconds(retry[0] ?? 0);
  return {
    egress_pool: '$tenant',
    retry_interval: `${first} seconds`,
    max_retry_interval: `${Math.max(first, ...retry.map(seconds))} seconds`,
    max_age: `${seconds(expire)} seconds`,
    ...(first < SHORT_WAIT_SECONDS && { strategy: 'SkipList' }),
  };
}

function seconds(micros: Micros): number {
  return Math.max(1, Math.round(micros / 1e6));
}
