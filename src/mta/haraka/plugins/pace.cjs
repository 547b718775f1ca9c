'use strict';

// When the MTA tries: waits between attempts that are shorter than outbound.ini takes, and, at the ISPs for which the
// scenario asks for it, no more connections at a time and attempts a second than it says. Haraka has no such limits. What
// is over one waits here, outside of Haraka's delivery queue, so that it is in nobody's way.

const { AsyncLocalStorage } = require('node:async_hooks');
const cluster = require('node:cluster');
const { subscribe } = require('node:diagnostics_channel');
const { cont, denysoft } = require('haraka-constants');

/** The attempt on whose behalf this code runs. */
const attempts = new AsyncLocalStorage();

exports.register = function () {
  const { isps, waits, workers } = this.config.get('windtunnel.json');
  this.waits = waits;
  if (waits) this.register_hook('deferred', 'wait');
  const limited = isps.filter(({ concurrency, rate }) => concurrency !== undefined || rate !== undefined);
  if (limited.length === 0) return;
  const push = (hmail) => require('./outbound').delivery_queue.push(hmail);
  this.lanes = new Map(
    limited.flatMap(({ domains, concurrency, rate }) => {
      const lane = new Lane(exports.shareOf(concurrency, workers), rate && rate / (workers ?? 1), push);
      return domains.map((domain) => [domain, lane]);
    }),
  );
  this.register_hook('send_email', 'admit');
  subscribe('net.client.socket', ({ socket }) => attempts.getStore()?.opened(socket));
};

/** What this process may have of a number of connections: at least one. */
exports.shareOf = (connections, workers = 1) => {
  if (connections === undefined) return Number.POSITIVE_INFINITY;
  const index = (cluster.worker?.id ?? 1) - 1;
  return Math.max(1, Math.floor(connections / workers) + (index % workers < connections % workers ? 1 : 0));
};

/** Haraka has counted this failure already. */
exports.wait = function (next, hmail) {
  let passed = hmail.num_failures;
  for (const { seconds, times } of this.waits) {
    passed -= times;
    if (passed <= 0) return next(denysoft, seconds);
  }
  next(cont);
};

exports.admit = function (next, hmail) {
  const lane = this.lanes.get(hmail.todo.domain.toLowerCase());
  if (lane) lane.meet(next, hmail);
  else next();
};

/** The way to one ISP. */
class Lane {
  constructor(most, rate, push) {
    this.most = most;
    /** Milliseconds between two attempts. */
    this.gap = rate ? 1000 / rate : 0;
    this.push = push;
    this.running = 0;
    this.nextAt = 0;
    this.waiting = [];
    this.admitted = new WeakSet();
    this.timer = undefined;
  }

  /** A message whose attempt is due: it goes on now, or gives its place in the delivery queue back and waits. */
  meet(next, hmail) {
    if (!this.admitted.delete(hmail)) {
      if (this.waiting.length > 0 || !this.open()) {
        this.waiting.push(hmail);
        hmail.next_cb();
        this.pump();
        return;
      }
      this.take();
    }
    const attempt = new Attempt(() => {
      this.running -= 1;
      this.pump();
    });
    const done = hmail.next_cb;
    hmail.next_cb = () => {
      hmail.next_cb = done;
      done();
      attempt.end();
    };
    attempts.run(attempt, next);
  }

  open() {
    return this.running < this.most && Date.now() >= this.nextAt;
  }

  take() {
    this.running += 1;
    // A pause earns no more than a tenth of a second's attempts.
    this.nextAt = Math.max(this.nextAt, Date.now() - 100) + this.gap;
  }

  pump() {
    while (this.waiting.length > 0 && this.open()) {
      const hmail = this.waiting.shift();
      this.take();
      this.admitted.add(hmail);
      this.push(hmail);
    }
    if (this.waiting.length === 0 || this.running >= this.most || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pump();
    }, this.nextAt - Date.now());
  }
}

/**
 * One try of a message. It lasts until Haraka is done with it and its connections are closed: Haraka goes on to the next
 * message before the ISP has answered QUIT.
 */
class Attempt {
  constructor(onEnd) {
    this.onEnd = onEnd;
    this.sockets = 0;
    this.ended = false;
  }

  opened(socket) {
    this.sockets += 1;
    // Not by its event, since Haraka takes every listener off its sockets.
    const destroy = socket._destroy;
    socket._destroy = (error, callback) => {
      socket._destroy = destroy;
      this.sockets -= 1;
      this.settle();
      destroy.call(socket, error, callback);
    };
  }

  end() {
    this.ended = true;
    this.settle();
  }

  settle() {
    if (!this.ended || this.sockets > 0 || !this.onEnd) return;
    const { onEnd } = this;
    this.onEnd = undefined;
    onEnd();
  }
}

exports.Lane = Lane;
