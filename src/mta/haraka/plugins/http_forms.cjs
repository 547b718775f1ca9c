'use strict';

// The forms in which plugin http takes mail and answers. KumoMTA: docs/reference/http/api_inject_v1.md, with its errors as text, and
// those of the HTTP library that it is built on. SparkPost: "Transmissions" and "Extended Error Codes" in its documentation. Of a request
// only what is needed is looked at: envelope and message. Messages are taken whole; what would need building or filling in is refused.

const { Address } = require('@haraka/email-address');

/** A request that is refused, whatever its recipients. */
class Trouble extends Error {
  /** @param code SparkPost's own number, where it has one */
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const KUMOMTA = {
  path: '/api/inject/v1',
  /** Loopback is trusted. */
  admits: () => true,
  read(body) {
    const { envelope_sender, recipients, content, template_dialect: dialect } = object(body);
    if (typeof envelope_sender !== 'string') throw new Trouble(422, 'envelope_sender: expected a string');
    if (!Array.isArray(recipients) || recipients.some((it) => typeof it?.email !== 'string'))
      throw new Trouble(422, 'recipients: expected a list of objects with "email"');
    if (typeof content !== 'string')
      throw new Trouble(422, 'content: expected a whole message as a string; none is built of parts here');
    if (dialect !== 'Static' && /\{[{%#]/.test(content))
      throw new Trouble(422, 'template_dialect: expected Static; no template is filled in here');
    const sender = address(envelope_sender);
    if (!sender) throw new Trouble(500, `envelope_sender: ${envelope_sender} is no address`);
    return envelope(
      sender,
      recipients.map(({ email }) => email),
      content,
    );
  },
  taken: ({ recipients, refused }) => counts(recipients.length, refused),
  failed: ({ recipients, refused }, why) =>
    counts(0, [...refused, ...recipients.map(({ address: name }) => ({ name, why }))]),
  trouble: ({ status, message }) => ({
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...(status === 405 && { Allow: 'POST' }) },
    text: status === 500 ? `Error: ${message}` : message,
  }),
};

function counts(taken, refused) {
  return inJson(200, {
    success_count: taken,
    fail_count: refused.length,
    failed_recipients: refused.map(({ name }) => name),
    errors: refused.map(({ name, why }) => `${name}: ${why}`),
  });
}

/** What SparkPost calls errors, by HTTP status; those of 422 say themselves what they are. */
const WORDS = {
  400: ['invalid params', '1200'],
  401: ['Unauthorized.'],
  405: ['invalid HTTP method', '1102'],
  413: ['Request Entity Too Large'],
  415: ['Unsupported Media Type'],
  500: ['Internal Server Error'],
};
const MISSING = '1400';
const WRONG = '1300';

const SPARKPOST = {
  path: '/api/v1/transmissions',
  admits: ({ authorization }, key) => authorization === key,
  read(body) {
    const { return_path, recipients, content } = object(body);
    if (return_path === undefined) throw new Trouble(422, 'return_path is required', MISSING);
    if (content?.email_rfc822 === undefined)
      throw new Trouble(422, 'content.email_rfc822 is required: no message is built of parts here', MISSING);
    const { email_rfc822: message } = content;
    if (typeof message !== 'string') throw new Trouble(422, 'content.email_rfc822 must be a string', WRONG);
    if (message.includes('{{')) throw new Trouble(422, 'nothing is substituted here', WRONG);
    if (!Array.isArray(recipients) || recipients.length === 0)
      throw new Trouble(422, 'recipients are required, and must be inline', MISSING);
    if (recipients.some((it) => (it?.return_path ?? it?.address?.return_path ?? return_path) !== return_path))
      throw new Trouble(422, 'all recipients must have the same return_path here', WRONG);
    const sender = address(return_path);
    if (!sender) throw new Trouble(422, `return_path: ${return_path} is no address`, WRONG);
    return envelope(
      sender,
      recipients.map((it) => it?.address?.email ?? it?.address),
      message,
    );
  },
  taken: ({ recipients, refused }, id) =>
    inJson(200, {
      ...(refused.length > 0 && {
        errors: [{ message: 'transmission created, but with validation errors', code: '2000' }],
      }),
      results: {
        ...(refused.length > 0 && {
          rcpt_to_errors: refused.map(({ name, why }) => ({
            message: 'invalid data format/type',
            description: `${name}: ${why}`,
            code: WRONG,
          })),
        }),
        total_rejected_recipients: refused.length,
        total_accepted_recipients: recipients.length,
        id,
      },
    }),
  failed: (_mail, why) => SPARKPOST.trouble(new Trouble(500, why)),
  trouble({ status, message: description, code: own }) {
    const words = own === MISSING ? 'required field is missing' : 'invalid data format/type';
    const [message, code = own] = WORDS[status] ?? [words];
    return inJson(status, { errors: [{ message, description, ...(code && { code }) }] }, status === 405);
  },
};

function inJson(status, body, only = false) {
  const headers = { 'Content-Type': 'application/json', ...(only && { Allow: 'POST' }) };
  return { status, headers, text: JSON.stringify(body) };
}

function object(body) {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new Trouble(422, 'expected a JSON object', WRONG);
}

const NO_ADDRESS = 'this is no address';

/** `recipients` as Haraka has them; `refused` are those that are no addresses. */
function envelope(sender, names, content) {
  const recipients = [];
  const refused = [];
  for (const name of names) {
    const recipient = address(name);
    if (recipient?.host) recipients.push(recipient);
    else refused.push({ name: typeof name === 'string' ? name : `${JSON.stringify(name)}`, why: NO_ADDRESS });
  }
  return { sender, recipients, refused, content };
}

/** As MAIL and RCPT read one; undefined if it can't be read. */
function address(text) {
  if (typeof text !== 'string') return undefined;
  try {
    return new Address(`<${text}>`);
  } catch {
    return undefined;
  }
}

exports.forms = { kumomta: KUMOMTA, sparkpost: SPARKPOST };
exports.Trouble = Trouble;
