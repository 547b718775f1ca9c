'use strict';

// Who may hand mail over: clients of the plan's networks may relay. Strangers may write to the sender's own domains alone;
// that mail goes to their MX as any other.

const net = require('node:net');
const { deny, ok } = require('haraka-constants');

exports.register = function () {
  const { relayFrom, ownDomains, routes } = this.config.get('windtunnel.json');
  this.friends = new net.BlockList();
  for (const network of relayFrom) {
    const [address, bits] = network.split('/');
    const family = net.isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) this.friends.addAddress(address, family);
    else this.friends.addSubnet(address, Number(bits), family);
  }
  this.ownDomains = new Set(ownDomains);

  this.register_hook('connect', 'know_friends');
  this.register_hook('rcpt', 'check_recipient');
  this.register_hook('queue', 'pass_on');
  // Without a seal no DNS query may leave, not even for the client's name.
  if (routes) this.register_hook('lookup_rdns', 'name_client');
};

exports.know_friends = function (next, connection) {
  const { ip } = connection.remote;
  if (this.friends.check(ip, net.isIPv6(ip) ? 'ipv6' : 'ipv4')) connection.relaying = true;
  next();
};

/** Who may relay has Haraka's leave already. */
exports.check_recipient = function (next, connection, [recipient]) {
  if (connection.relaying) return next();
  if (this.ownDomains.has(recipient.host?.toLowerCase())) return next(ok);
  next(deny, '5.7.1 relaying denied');
};

/** Mail that was not relayed but taken for the sender's own domains. */
exports.pass_on = (next, connection) => {
  require('./outbound').send_trans_email(connection.transaction, next);
};

exports.name_client = (next) => next(ok, 'localhost');
