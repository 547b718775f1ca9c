'use strict';

// Which virtual MTA a message leaves from, and from which of its addresses. The turn is dealt when the message is taken,
// for each of its destinations, and stays in its queue file: every attempt, also after a restart, leaves from the same
// virtual MTA.
//
// A message that names a virtual MTA or a pool (X-Virtual-MTA), or meets a default pool that the scenario chose, keeps to
// it: where the member whose turn it is has no address of a family that the destination has, the message bounces and says
// so, since that is a mistake in the MTA's configuration. The default pool of a scenario that chose none has just all
// virtual MTAs: there, only those that can reach the destination take turns. Mail for the sender's own domains goes out
// one way or the other.

const cluster = require('node:cluster');
const { resolve4, resolve6 } = require('node:dns/promises');
const net = require('node:net');
const { cont, deny, denysoft, ok } = require('haraka-constants');
const netUtils = require('haraka-net-utils');

const UNSURE = 'some addresses of the mail hosts could not be looked up';

exports.register = function () {
  const { vmtas, pools, defaultPool, isps, ownDomains, routes } = this.config.get('windtunnel.json');
  this.vmtas = new Map(vmtas.map((vmta) => [vmta.name, vmta]));
  this.everybody = vmtas.map(({ name }) => ({ vmta: name, weight: 1 }));
  this.defaultPool = defaultPool;
  /** Whom a header may name: a virtual MTA is a pool of one. */
  this.pools = new Map(vmtas.map(({ name }) => [name, [{ vmta: name, weight: 1 }]]));
  for (const { name, members } of pools) this.pools.set(name, members);
  this.ispOf = new Map(isps.flatMap(({ id, domains }) => domains.map((domain) => [domain, id])));
  this.ownDomains = new Set(ownDomains);
  this.routes = routes;
  this.turns = new Map();
  /** By domain: the families in which it has mail hosts, as far as was seen. */
  this.families = new Map();
  this.cycles = new Map();

  this.register_hook('pre_send_trans_email', 'take_turn');
  this.register_hook('get_mx', routes ? 'mx_from_routes' : 'mx_from_dns');
  this.register_hook('bounce', 'say_why');
};

/** Gives the message its turn at each of its destinations. Turns are counted by ISP, so that the shares are right at each. */
exports.take_turn = function (next, connection) {
  const { transaction } = connection;
  const wish = transaction.header.get('X-Virtual-MTA').trim();
  const pool = this.pools.has(wish) ? wish : '';
  if (wish !== pool)
    this.logwarn(`no virtual MTA or pool is named ${wish}: the default pool takes the message`);
  const turns = {};
  for (const { host } of transaction.rcpt_to) {
    if (Object.hasOwn(turns, host)) continue;
    const key = `${pool} ${this.ispOf.get(host.toLowerCase()) ?? host}`;
    // Each process deals for itself, and begins where the others don't.
    turns[host] = this.turns.get(key) ?? (cluster.worker?.id ?? 1) - 1;
    this.turns.set(key, turns[host] + 1);
  }
  transaction.notes.windtunnel = { pool, turns };
  next();
};

/** Only without a seal. A domain without a route is unknown: DNS must not be asked. */
exports.mx_from_routes = function (next, hmail, domain) {
  const route = this.routes[domain.toLowerCase()];
  if (!route) return next(deny, 'no route without a seal');
  const { address, port, host } = route;
  // With `from_dns` Haraka knows the host's name, to check its certificate.
  this.bind(next, hmail, domain, [{ priority: 0, exchange: address, port, ...(host && { from_dns: host }) }]);
};

/**
 * What Haraka would do itself, with the source bound. Only a null MX is left to Haraka: what it looked up a second time
 * would leave from any address of the machine.
 */
exports.mx_from_dns = async function (next, hmail, domain) {
  let exchanges;
  try {
    exchanges = hmail.sort_mx(await netUtils.get_mx(domain));
  } catch (error) {
    return next(denysoft, `MX of ${domain}: ${error.message}`);
  }
  if (exchanges.some(({ exchange }) => exchange === '')) return next(cont);
  if (exchanges.length === 0)
    return refuse(next, hmail, { trouble: `Nowhere to deliver mail to for domain: ${domain}` });
  const addresses = (await netUtils.resolve_mx_hosts(exchanges)).filter((mx) => net.isIP(mx.exchange));
  if (addresses.length === 0) return next(denysoft, `no mail host of ${domain} has an address`);
  const names = exchanges.map(({ exchange }) => exchange).filter((name) => !net.isIP(name));
  await this.bind(next, hmail, domain, addresses, names);
};

/**
 * The MX addresses that the message's virtual MTA can reach, in Haraka's order, each bound to the virtual MTA's address of
 * its family. `names` are those of the hosts, as far as DNS was asked for their addresses.
 */
exports.bind = async function (next, hmail, domain, addresses, names = []) {
  // What it had before it still has: a lookup that fails must not change whose turn it is.
  const families = this.families.get(domain) ?? new Set();
  for (const { exchange } of addresses) families.add(net.isIP(exchange));
  this.families.set(domain, families);
  const { pool, turns } = hmail.todo.notes.windtunnel;
  const found = this.choose(pool, turns[domain] ?? 0, domain, families);
  if (found.trouble) {
    // It is for good, so it must not be for a lookup that failed.
    const sure = await this.lacks(families.has(4) ? 6 : 4, names);
    return sure ? refuse(next, hmail, found) : next(denysoft, UNSURE);
  }
  hmail.windtunnel = found;
  const bound = addresses.flatMap((mx) => {
    const source = found.sources[net.isIP(mx.exchange)];
    if (source) return [{ ...mx, bind: source.address, bind_helo: source.helo }];
    return found.vmta === undefined ? [mx] : [];
  });
  if (bound.length > 0) next(ok, bound);
  else next(denysoft, UNSURE);
};

/** Whether DNS is sure that none of these hosts has an address of a family. */
exports.lacks = async function (family, names) {
  const lookups = await Promise.allSettled(names.map((name) => this.resolvers[family](name)));
  return lookups.every(({ reason }) => reason?.code === 'ENODATA' || reason?.code === 'ENOTFOUND');
};

exports.resolvers = { 4: resolve4, 6: resolve6 };

/** Bounces a message. */
function refuse(next, hmail, found) {
  hmail.windtunnel = found;
  next(deny, found.trouble);
}

/** The virtual MTA whose turn it is, with its source by family; or why none can send. */
exports.choose = function (pool, turn, domain, families) {
  const own = this.ownDomains.has(domain.toLowerCase());
  const strict = !own && (pool !== '' || this.defaultPool.chosen);
  const all = this.pools.get(pool) ?? this.defaultPool.members;
  const reaches = ({ vmta }) =>
    this.vmtas.get(vmta).sources.some(({ address }) => families.has(net.isIP(address)));
  let members = strict ? all : all.filter(reaches);
  if (own && members.length === 0) members = this.everybody.filter(reaches);
  // The machine's own address it is.
  if (own && members.length === 0) return { sources: {} };
  const cycle = this.cycleOf(members.length > 0 ? members : all);
  const member = cycle[turn % cycle.length];
  if (!reaches(member)) return { vmta: member.vmta, trouble: unreachable(member.vmta, domain, families) };
  const { name, sources } = this.vmtas.get(member.vmta);
  // Several of one family take turns too.
  const round = Math.floor(turn / cycle.length);
  const ofFamily = (family) => {
    const able = sources.filter(({ address }) => net.isIP(address) === family);
    return able[round % able.length];
  };
  return { vmta: name, sources: { 4: ofFamily(4), 6: ofFamily(6) } };
};

function unreachable(vmta, domain, families) {
  const lacks = families.has(4) ? 'IPv4' : 'IPv6';
  const other = lacks === 'IPv4' ? 'IPv6' : 'IPv4';
  return `virtual MTA ${vmta} has no ${lacks} address and ${domain} has no ${other} host`;
}

/** The order in which members are dealt, made once for each set of them. */
exports.cycleOf = function (members) {
  const key = members.map(({ vmta, weight }) => `${vmta} ${weight}`).join();
  const known = this.cycles.get(key);
  if (known) return known;
  const cycle = exports.deal(members);
  this.cycles.set(key, cycle);
  return cycle;
};

/** Smooth weighted round robin: a cycle in which each member comes as often as its weight says, as evenly as can be. */
exports.deal = (members) => {
  const weights = wholeWeights(members.map(({ weight }) => weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credit = weights.map(() => 0);
  return Array.from({ length: total }, () => {
    for (const [i, weight] of weights.entries()) credit[i] += weight;
    const first = credit.indexOf(Math.max(...credit));
    credit[first] -= total;
    return members[first];
  });
};

/** The smallest whole numbers in these proportions; as near as a cycle of 10,000 comes to them, where those are large. */
function wholeWeights(weights) {
  const least = Math.min(...weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let scale = 1; scale <= 100 && (total / least) * scale <= 10_000; scale++) {
    const scaled = weights.map((weight) => (weight / least) * scale);
    if (scaled.every((weight) => Math.abs(weight - Math.round(weight)) < 1e-6)) return scaled.map(Math.round);
  }
  return weights.map((weight) => Math.max(1, Math.round((weight / total) * 10_000)));
}

/** Haraka says "No MX" of whatever a plugin denies; the operator, and whoever reads the DSN, must know better. */
exports.say_why = (next, hmail, error) => {
  const trouble = hmail.windtunnel?.trouble;
  if (trouble) {
    error.message = trouble;
    for (const recipient of hmail.todo.rcpt_to) recipient.dsn_msg = trouble;
  }
  next(cont);
};
