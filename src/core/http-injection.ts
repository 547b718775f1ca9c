/**
 * What the HTTP front doors of MTAs take and answer: one message a request. Pure, and free of Node, since k6 runs it too
 * (driver/k6/script). Sources stand at each form.
 */

/** The forms, by the names that scenarios use. */
export const HTTP_APIS = ['kumomta', 'sparkpost', 'powermta'] as const;
export type HttpApi = (typeof HTTP_APIS)[number];

/** Where an MTA takes mail in over HTTP. */
export interface HttpEndpoint {
  readonly address: string;
  readonly port: number;
  readonly api: HttpApi;
  /** What requests show to be let in: an API key. Absent: nobody asks. */
  readonly key?: string;
}

/** A message on its way in: an envelope, and a whole message as it would follow DATA, not dot-stuffed. */
export interface HttpMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** RFC 5322, lines ending in CRLF; ASCII. */
  readonly content: string;
}

/** A request, ready to be sent with POST. */
export interface InjectionRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/**
 * What an answer says of a message. Recipients by their slots: their places in the request. `unconfirmed`: nobody knows whether it
 * was taken.
 */
export type InjectionAnswer =
  | { readonly state: 'confirmed'; readonly refusedSlots: readonly number[] }
  | { readonly state: 'refused' }
  | { readonly state: 'unconfirmed' };

/** A request that hands one message over; `key` is the endpoint's (HttpEndpoint.key). */
export function requestOf(api: HttpApi, key: string | undefined, message: HttpMessage): InjectionRequest {
  const { path, authorization, body } = FORMS[api];
  return {
    path,
    headers: {
      'Content-Type': 'application/json',
      ...(key !== undefined && authorization(key)),
    },
    body: JSON.stringify(body(message)),
  };
}

/**
 * What became of a message, by the answer to its request. Whatever the body is, an answer outside of 200–299 refuses; but a proxy's
 * "bad gateway" or "gateway timeout" (RFC 9110 sections 15.6.3 and 15.6.5), no answer (status 0), or one that is not in the API's form
 * leave it open; and so does one that rejects some recipients without naming each.
 */
export function answerOf(
  api: HttpApi,
  status: number,
  body: string | null,
  message: Pick<HttpMessage, 'recipients'>,
): InjectionAnswer {
  if (status === 0 || status === 502 || status === 504) return { state: 'unconfirmed' };
  if (status < 200 || status > 299) return { state: 'refused' };
  const counts = FORMS[api].counts(parsed(body), message.recipients);
  if (counts === undefined) return { state: 'unconfirmed' };
  if (counts.failed > 0 && counts.taken === 0) return { state: 'refused' };
  // Some are taken, and nobody knows who.
  if (counts.slots.length < counts.failed) return { state: 'unconfirmed' };
  return { state: 'confirmed', refusedSlots: counts.slots };
}

/** How many recipients an answer says were taken and were not, and the slots of the latter, as far as it names them. */
interface Counts {
  readonly taken: number;
  readonly failed: number;
  readonly slots: readonly number[];
}

interface Form {
  readonly path: string;
  readonly authorization: (key: string) => Readonly<Record<string, string>>;
  readonly body: (message: HttpMessage) => unknown;
  /** undefined: the answer is not in this form. */
  readonly counts: (answer: unknown, recipients: readonly string[]) => Counts | undefined;
}

/**
 * KumoMTA, docs/reference/http/api_inject_v1.md. Jinja, which is what it takes for granted, would read `{{` in a message, and eat a
 * line's end; versions before 2025.12 don't know the field and leave it alone. The key is `user:password` (its listeners know HTTP's
 * basic authentication).
 */
const KUMOMTA: Form = {
  path: '/api/inject/v1',
  authorization: (key) => ({ Authorization: `Basic ${base64(key)}` }),
  body: ({ sender, recipients, content }) => ({
    envelope_sender: sender,
    recipients: recipients.map((email) => ({ email })),
    content,
    template_dialect: 'Static',
  }),
  counts: (answer, recipients) => {
    const taken = numberIn(answer, 'success_count');
    const failed = numberIn(answer, 'fail_count');
    const names = fieldOf(answer, 'failed_recipients');
    if (taken === undefined || failed === undefined || !Array.isArray(names)) return undefined;
    return { taken, failed, slots: slotsOf(recipients, (recipient) => names.includes(recipient)) };
  },
};

/**
 * SparkPost, "Transmissions" in its API reference. Its answer counts the recipients that it rejects, and describes the errors; a slot
 * is known where a description names its address.
 */
const SPARKPOST: Form = {
  path: '/api/v1/transmissions',
  authorization: (key) => ({ Authorization: key }),
  body: ({ sender, recipients, content }) => ({
    return_path: sender,
    recipients: recipients.map((email) => ({ address: { email } })),
    content: { email_rfc822: content },
  }),
  counts: (answer, recipients) => {
    const results = fieldOf(answer, 'results');
    const taken = numberIn(results, 'total_accepted_recipients');
    const failed = numberIn(results, 'total_rejected_recipients');
    if (taken === undefined || failed === undefined) return undefined;
    const words = JSON.stringify(fieldOf(results, 'rcpt_to_errors') ?? []).split(/[\s"'<>\\,:;()]+/);
    return { taken, failed, slots: slotsOf(recipients, (recipient) => words.includes(recipient)) };
  },
};

/**
 * PowerMTA since 5.0: a Transmissions API after SparkPost's that takes whole messages alone (Postmastery, "HTTP based APIs and webhooks
 * in PowerMTA 5.0"), on the port of its web monitor, with the key of `http-api-key` in X-API-Key (User's Guide). That its path, fields
 * and answers are SparkPost's to the letter is assumed.
 */
const POWERMTA: Form = {
  ...SPARKPOST,
  authorization: (key) => ({ 'X-API-Key': key }),
};

const FORMS: Readonly<Record<HttpApi, Form>> = {
  kumomta: KUMOMTA,
  sparkpost: SPARKPOST,
  powermta: POWERMTA,
};

function slotsOf(recipients: readonly string[], failed: (recipient: string) => boolean): number[] {
  return recipients.flatMap((recipient, slot) => (failed(recipient) ? [slot] : []));
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function numberIn(value: unknown, name: string): number | undefined {
  const field = fieldOf(value, name);
  return typeof field === 'number' ? field : undefined;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 (RFC 4648 section 4) of ASCII, since what k6 runs has neither Buffer nor btoa. */
function base64(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [0, 1, 2].map((k) => text.charCodeAt(i + k) || 0);
    const bits = (a << 16) | (b << 8) | c;
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((bits >> shift) & 63));
    const known = Math.min(3, text.length - i) + 1;
    out += digits.slice(0, known).join('').padEnd(4, '=');
  }
  return out;
}
