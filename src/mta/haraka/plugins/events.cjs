'use strict';

// What became of each recipient, as Haraka knows it: a line of JSON each, in a file for each process (read by events.ts).
// Haraka goes on when the line is written, so that none is missing when it is killed: at the end of the turn of the event
// loop, many at once under load. What an ISP said is in Haraka's log as well.

const cluster = require('node:cluster');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

exports.register = function () {
  const { eventsFolder } = this.config.get('windtunnel.json');
  this.lines = [];
  /** Who goes on when the lines are written. */
  this.waiting = [];
  // The master of a cluster sends nothing.
  const file = path.join(process.env.HARAKA ?? '', eventsFolder, `${cluster.worker?.id ?? 0}.ndjson`);
  this.file = undefined;
  this.open = () => fs.openSync(file, 'a');

  this.register_hook('queue_ok', 'received');
  this.register_hook('delivered', 'delivered');
  this.register_hook('deferred', 'deferred');
  this.register_hook('bounce', 'bounced');
};

exports.received = function (next, connection) {
  const { mail_from, rcpt_to } = connection.transaction;
  for (const recipient of rcpt_to)
    this.tell({ kind: 'received', sender: plain(mail_from), recipient: plain(recipient) });
  this.goOn(next);
};

exports.delivered = function (next, hmail, [, ip, response, , , , recipients]) {
  for (const recipient of recipients) this.tellOf(hmail, recipient, 'delivered', ip, undefined, response);
  this.goOn(next);
};

/** Haraka logs a deferral at level info alone, among much else; what an ISP said belongs into every log. */
exports.deferred = function (next, hmail, { err, mx }) {
  hmail.lognotice(`deferred file=${hmail.filename} reason="${err}"`);
  this.tellAll(hmail, 'deferred', mx, `${err}`);
  this.goOn(next);
};

exports.bounced = function (next, hmail, error) {
  hmail.lognotice(`bounced file=${hmail.filename} reason="${error}"`);
  const kind = error.message.startsWith('Too many failures') ? 'expired' : 'bounced';
  this.tellAll(hmail, kind, error.mx, error.message);
  this.goOn(next);
};

/** Reasons that are a reply of the ISP's; each recipient has its own then. Others leave an earlier attempt's reply there. */
const REPLY = /^(Too many failures \()?(Upstream error: |Some recipients |[45]\d\d )/;

exports.tellAll = function (hmail, kind, mx, reason) {
  // A file that Haraka can't read names nobody.
  if (!hmail.todo) return;
  for (const recipient of hmail.todo.rcpt_to) {
    const { dsn_smtp_code: code, dsn_smtp_extc: status, dsn_smtp_response: response } = recipient;
    const told = REPLY.test(reason) && code !== undefined;
    const text = told ? [status, response].filter(Boolean).join(' ') : reason;
    this.tellOf(hmail, recipient, kind, mx?.exchange, told ? Number(code) : undefined, text);
  }
};

exports.tellOf = function (hmail, recipient, kind, ip, code, text) {
  const { vmta, sources = {} } = hmail.windtunnel ?? {};
  const known = Object.values(sources).filter(Boolean);
  const source = sources[net.isIP(ip ?? '')] ?? (known.length === 1 ? known[0] : undefined);
  this.tell({
    kind,
    sender: plain(hmail.todo.mail_from),
    recipient: plain(recipient),
    source: source?.address ?? vmta,
    code,
    text,
  });
};

exports.tell = function (event) {
  this.lines.push(JSON.stringify({ atMs: Date.now(), ...event }));
};

exports.goOn = function (next) {
  this.waiting.push(next);
  if (this.waiting.length === 1) setImmediate(() => this.write());
};

/** A full disk ends the file, not the mail. */
exports.write = function () {
  const { lines, waiting } = this;
  this.lines = [];
  this.waiting = [];
  try {
    if (this.file === undefined) this.file = this.open();
    if (this.file !== null) fs.writeSync(this.file, lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    this.logerror(`events are no longer written: ${error.message}`);
    this.file = null;
  }
  for (const next of waiting) next();
};

function plain({ user, host, original_host }) {
  return user ? `${user}@${original_host ?? host}` : '';
}
