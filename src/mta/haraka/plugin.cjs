'use strict';

// Haraka loads this plugin (see config.ts). It binds each message to a source and lets the lab's clients relay;
// without a seal it also maps domains to addresses. Everything else is Haraka's own doing.

const net = require('node:net');
const { cont, deny, denysoft, ok } = require('haraka-constants');
const netUtils = require('haraka-net-utils');

exports.register = function () {
  const { sources, routes, waits } = this.config.get('windtunnel.json');
  this.sources = sources;
  this.routes = routes;
  this.waits = waits;
  this.turns = new Map();

  this.register_hook('connect', 'relay_for_client');
  this.register_hook('pre_send_trans_email', 'take_turn');
  this.register_hook('deferred', 'log_deferral');
  this.register_hook('bounce', 'log_bounce');
  this.register_hook('get_mx', routes ? 'mx_from_routes' : 'mx_from_dns');
  // Without a seal no DNS query may leave, not even for the client's name.
  if (routes) this.register_hook('lookup_rdns', 'name_client');
  if (waits) this.register_hook('deferred', 'wait');
};

/** The lab has no strangers: whoever reaches this server may relay. */
exports.relay_for_client = (next, connection) => {
  connection.relaying = true;
  next();
};

exports.name_client = (next) => next(ok, 'localhost');

/**
 * Gives the message its turn at each of its destinations. The notes are in the queue file, so every attempt, also
 * after a restart, leaves from the same source.
 */
exports.take_turn = function (next, connection) {
  const { transaction } = connection;
  const vmta = transaction.header.get('X-Virtual-MTA').trim();
  if (vmta !== '' && !this.sources.some((source) => source.vmta === vmta)) {
    this.logwarn(`no virtual MTA is named ${vmta}: all sources take turns`);
  }
  const turns = {};
  for (const { host } of transaction.rcpt_to) {
    if (Object.hasOwn(turns, host)) continue;
    const key = `${vmta} ${host}`;
    turns[host] = this.turns.get(key) ?? 0;
    this.turns.set(key, turns[host] + 1);
  }
  transaction.notes.windtunnel = { vmta, turns };
  next();
};

/** Only without a seal. A domain without a route is unknown: DNS must not be asked. */
exports.mx_from_routes = function (next, hmail, domain) {
  const route = this.routes[domain.toLowerCase()];
  if (!route) return next(deny, 'no route without a seal');
  next(ok, this.bound(hmail, domain, [{ priority: 0, exchange: route.address, port: route.port }]));
};

/**
 * What Haraka would do itself, with the source bound. Where it finds nothing (no such domain, a null MX, a timeout),
 * Haraka asks again and handles that in its own way.
 */
exports.mx_from_dns = async function (next, hmail, domain) {
  let addresses = [];
  try {
    const exchanges = hmail.sort_mx(await netUtils.get_mx(domain));
    addresses = (await netUtils.resolve_mx_hosts(exchanges)).filter((mx) => net.isIP(mx.exchange));
  } catch (error) {
    hmail.loginfo(`MX of ${domain}: ${error}`);
  }
  if (addresses.length === 0) return next(cont);
  next(ok, this.bound(hmail, domain, addresses));
};

/** The MX addresses that the message's source can reach, bound to it. */
exports.bound = function (hmail, domain, addresses) {
  const { vmta, turns } = hmail.todo.notes.windtunnel;
  const named = this.sources.filter((source) => source.vmta === vmta);
  const source = exports.choose(named.length > 0 ? named : this.sources, turns[domain] ?? 0, addresses);
  if (!source) return [];
  return addresses
    .filter((mx) => net.isIP(mx.exchange) === net.isIP(source.address))
    .map((mx) => ({ ...mx, bind: source.address, bind_helo: source.helo }));
};

/** Round robin by turn; a source of a family that the destination lacks hands its turn to the others in rotation. */
exports.choose = (sources, turn, addresses) => {
  const families = new Set(addresses.map((mx) => net.isIP(mx.exchange)));
  const able = sources.filter((source) => families.has(net.isIP(source.address)));
  const first = sources[turn % sources.length];
  return able.includes(first) ? first : able[Math.floor(turn / sources.length) % able.length];
};

/** Haraka logs a deferral at level info alone, among much else; what an ISP said belongs into every log. */
exports.log_deferral = (next, hmail, { err }) => {
  hmail.lognotice(`deferred file=${hmail.filename} reason="${err}"`);
  next(cont);
};

exports.log_bounce = (next, hmail, error) => {
  hmail.lognotice(`bounced file=${hmail.filename} reason="${error}"`);
  next(cont);
};

/** Waits shorter than the five seconds that outbound.ini takes. Haraka has counted this failure already. */
exports.wait = function (next, hmail) {
  let passed = hmail.num_failures;
  for (const { seconds, times } of this.waits) {
    passed -= times;
    if (passed <= 0) return next(denysoft, seconds);
  }
  next(cont);
};
