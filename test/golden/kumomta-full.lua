local kumo = require 'kumo'
local shaping = require 'policy-extras.shaping'
local log_hooks = require 'policy-extras.log_hooks'

local SOURCES = {
  source1 = { address = '198.18.128.1', helo = 'a4.news.sender.test' },
  source2 = { address = '2001:2:0:1::1', helo = 'a6.news.sender.test' },
  source3 = { address = '198.18.128.2', helo = 'b4.news.sender.test' },
  source4 = { address = '2001:2:0:1::2', helo = 'b6.news.sender.test' },
}

-- Each virtual MTA is an egress pool of its sources.
local VMTAS = {
  bulk = { 'source1', 'source2' },
  receipts = { 'source3' },
  six = { 'source4' },
}

-- Which virtual MTAs a message may go to, and how often.
local POOLS = {
  letters = { { vmta = 'bulk', weight = 3 }, { vmta = 'six', weight = 1 } },
  everything = {
    { vmta = 'bulk', weight = 1 },
    { vmta = 'receipts', weight = 1 },
    { vmta = 'six', weight = 1 },
  },
}
local DEFAULT_POOL = 'letters'

-- Strangers may write to these alone.
local SENDER_DOMAINS = {
  ['news.sender.test'] = true,
  ['bills.sender.test'] = true,
}
local USERS = kumo.serde.json_load '/run-folder/mta/policy/users.json'

kumo.on('init', function()
  kumo.define_spool {
    name = 'data',
    path = '/run-folder/mta/spool/data',
    kind = 'RocksDB',
  }
  kumo.define_spool {
    name = 'meta',
    path = '/run-folder/mta/spool/meta',
    kind = 'RocksDB',
  }
  kumo.configure_local_logs {
    log_dir = '/run-folder/mta/logs',
    max_segment_duration = '10 seconds',
    compression_level = 1,
  }
  kumo.dns.configure_resolver {
    name_servers = { '198.18.0.53:53' },
  }
  kumo.start_http_listener {
    listen = '127.0.0.1:8000',
    trusted_hosts = { '127.0.0.1' },
    request_body_limit = 33554432,
  }
  kumo.start_esmtp_listener {
    listen = '0.0.0.0:25',
    hostname = 'mta.news.sender.test',
    relay_hosts = {
      '127.0.0.0/8',
      '::1',
      '198.18.128.1',
      '2001:2:0:1::1',
      '198.18.128.2',
      '2001:2:0:1::2',
    },
    tls_certificate = '/run-folder/mta/policy/smtp-certificate.pem',
    tls_private_key = '/run-folder/mta/policy/smtp-key.pem',
  }
  kumo.start_esmtp_listener {
    listen = '[::]:25',
    hostname = 'mta.news.sender.test',
    relay_hosts = {
      '127.0.0.0/8',
      '::1',
      '198.18.128.1',
      '2001:2:0:1::1',
      '198.18.128.2',
      '2001:2:0:1::2',
    },
    tls_certificate = '/run-folder/mta/policy/smtp-certificate.pem',
    tls_private_key = '/run-folder/mta/policy/smtp-key.pem',
  }
end)

kumo.on('get_listener_domain', function(domain, listener, conn_meta)
  if SENDER_DOMAINS[domain] then
    return kumo.make_listener_domain {
      relay_to = true,
      log_oob = 'LogThenRelay',
      log_arf = 'LogThenRelay',
    }
  end
  if conn_meta:get_meta 'authz_id' then
    return kumo.make_listener_domain {
      relay_to = true,
    }
  end
end)

kumo.on('smtp_server_auth_plain', function(authz, authc, password, conn_meta)
  return password ~= '' and USERS[authc] == password
end)

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
kumo.on('http_message_generated', take)

local function send_dsn(msg, log_record)
  if log_record.sender == '' or log_record.sender == '<>' then
    return
  end
  local report = kumo.generate_rfc3464_message({
    include_original_message = 'HeadersOnly',
    enable_bounce = true,
    enable_expiration = true,
    reporting_mta = { mta_type = 'dns', name = 'mta.news.sender.test' },
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
  return kumo.make_queue_config {
    egress_pool = tenant or choose(nil),
    retry_interval = '60 seconds',
    max_retry_interval = '3600 seconds',
    max_age = '172800 seconds',
  }
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
  extra_files = { '/run-folder/mta/policy/shaping.toml' },
  publish = {},
  subscribe = {},
}
kumo.on('get_egress_path_config', shaper.get_egress_path_config)
