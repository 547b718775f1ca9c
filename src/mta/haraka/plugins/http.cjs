'use strict';

// Takes mail in over HTTP on loopback, in the forms of KumoMTA and SparkPost (plugin http_forms). A message goes the way of
// one that came by SMTP: virtual MTA, events and queue are the same. The answer comes when it is queued.

const http = require('node:http');
const { deny, ok } = require('haraka-constants');

/** As connection.ini has it for SMTP. */
const MOST_CONTENT = 26_214_400;
/** Room for what JSON adds to a content of that size, and for recipients. */
const MOST_REQUEST = 33_554_432;
/** As smtp.ini has it for connections that say nothing. */
const IDLE_MS = 300_000;

exports.register = function () {
  const { http: settings } = this.config.get('windtunnel.json');
  this.settings = settings;
  // Haraka finds no file of ours but plugins.
  this.inherits('windtunnel_http_forms');
  this.byPath = new Map(settings.apis.map((api) => [this.forms[api].path, this.forms[api]]));
  this.register_hook('init_master', 'listen_alone');
  this.register_hook('init_child', 'listen');
};

/** The master of a cluster leaves it to its workers, who share the port. */
exports.listen_alone = function (next, server) {
  if (server.cluster) next();
  else this.listen(next);
};

exports.listen = function (next) {
  const { address, port } = this.settings;
  const listener = http.createServer((request, response) => void this.respond(request, response));
  listener.keepAliveTimeout = IDLE_MS;
  listener.once('error', (error) => next(deny, `HTTP: ${error.message}`));
  listener.listen(port, address, () => {
    this.lognotice(`Listening on ${address}:${port}`);
    next();
  });
};

exports.respond = async function (request, response) {
  let body;
  try {
    body = await bodyOf(request);
  } catch {
    // The client has gone.
    return;
  }
  const { status, headers, text } = await this.answer(request, body);
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) }).end(text);
};

/** Status, header fields and text of the answer to a request whose body is undefined if it was too large. */
exports.answer = async function ({ method, url, headers }, body) {
  const form = this.byPath.get(url.split('?', 1)[0]);
  if (!form) {
    const paths = [...this.byPath.keys()].join(', ');
    return { status: 404, headers: TEXT, text: `no such resource; POST to ${paths}\n` };
  }
  try {
    if (method !== 'POST') throw new this.Trouble(405, `${method} is not allowed`);
    if (!form.admits(headers, this.settings.key))
      throw new this.Trouble(401, 'the API key is missing or wrong');
    if (!/^application\/([^\s;]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      throw new this.Trouble(415, 'expected Content-Type: application/json');
    if (body === undefined) throw new this.Trouble(413, `expected at most ${MOST_REQUEST} bytes`);
    const mail = form.read(this.json(body));
    const content = wire(mail.content);
    if (content.length > MOST_CONTENT)
      throw new this.Trouble(413, `expected a message of at most ${MOST_CONTENT} bytes`);
    if (mail.recipients.length === 0) return form.taken(mail, '0');
    const { why, uuid } = await this.queue({ ...mail, content });
    return why === undefined ? form.taken(mail, uuid) : form.failed(mail, why);
  } catch (error) {
    if (error instanceof this.Trouble) return form.trouble(error);
    this.logerror(error);
    return form.trouble(new this.Trouble(500, error.message));
  }
};

exports.json = function (body) {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new this.Trouble(400, `the body is no JSON: ${error.message}`);
  }
};

/** Hands a message to Haraka. Resolves when it is queued, with its id, or with the reason why it is not. */
exports.queue = function ({ sender, recipients, content }) {
  const transaction = require('./transaction').createTransaction(undefined, this.config.get('smtp.ini'));
  transaction.mail_from = sender;
  transaction.rcpt_to = recipients;
  const { uuid, message_stream: stream } = transaction;
  return new Promise((resolve) => {
    stream.on('error', ({ message }) => resolve({ why: message, uuid }));
    for (let start = 0; start < content.length; ) {
      const end = content.indexOf(10, start) + 1;
      transaction.add_data(content.subarray(start, end));
      start = end;
    }
    transaction.end_data(() =>
      require('./outbound').send_trans_email(transaction, (code, message) => {
        if (code !== ok) return resolve({ why: String(message || 'it could not be queued'), uuid });
        const connection = { transaction, queue_ok_respond: () => resolve({ uuid }) };
        require('./logger').add_log_methods(connection);
        require('./plugins').run_hooks('queue_ok', connection, message);
      }),
    );
  }).finally(() => stream.destroy());
};

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };

/** The whole of a request is read, whatever its size, so that a client that still writes sees the answer. */
async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size <= MOST_REQUEST) parts.push(part);
    else parts.length = 0;
  }
  return size > MOST_REQUEST ? undefined : Buffer.concat(parts, size);
}

/** A message as Haraka keeps it, and as it would follow DATA: lines end in CRLF, the last one too, and dots are doubled. */
function wire(content) {
  const lines = content.replace(/\r\n|\r|\n/g, '\r\n').replace(/(^|\n)\./g, '$1..');
  return Buffer.from(lines.endsWith('\n') ? lines : `${lines}\r\n`);
}
