/** The module k6/http (k6 documentation, "k6/http"), as far as scripts here need it: no cookies, files or redirects. */
import type { HttpReply } from './calls.ts';
import { milliseconds } from './settings.ts';
import { tagTexts, type VuState } from './vu-state.ts';

interface Params {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly timeout?: string | number;
  readonly responseType?: 'text' | 'binary' | 'none';
}

/** What http.url`` makes: requests to many URLs have one name. */
interface NamedUrl {
  readonly url: string;
  readonly name: string;
}

/** Makes the module. The object is one for all of a virtual user's files, and may be changed by them. */
export function httpModule(state: VuState, parse: (text: string) => unknown): Record<string, unknown> {
  function request(method: string, url: unknown, body?: unknown, params: Params = {}): unknown {
    state.require('making http requests', 'setup', 'iteration', 'teardown', 'summary');
    const { url: address, name } =
      typeof url === 'object' && url ? (url as NamedUrl) : { url: String(url), name: String(url) };
    const headers: Record<string, string> = { 'User-Agent': 'Grafana k6/2.3.0', ...(params.headers ?? {}) };
    const content = contentOf(body, headers);
    const timeoutMs = params.timeout === undefined ? 60e3 : milliseconds(params.timeout);
    const reply = state.host.http({ method, url: address, headers, body: content, timeoutMs });
    const { status, error, errorCode, proto } = reply;
    const expected = status >= 200 && status < 400;
    const tags = {
      method,
      url: address,
      name,
      status: String(status),
      proto,
      expected_response: String(expected),
      ...(error === '' ? {} : { error }),
      ...(errorCode === 0 ? {} : { error_code: String(errorCode) }),
      ...tagTexts(params.tags),
    };
    measure(reply, tags, expected);
    if (error !== '') {
      state.host.log('warning', `Request Failed error="${method} ${address}: ${error}"`);
      const { throw: throws } = JSON.parse(state.options) as { throw?: boolean };
      if (throws) throw new Error(error);
    }
    return response(reply, { method, url: address, headers, body: content }, params.responseType);
  }

  function measure(reply: HttpReply, tags: Record<string, string>, asExpected: boolean): void {
    const { blocked, connecting, sending, waiting, receiving } = reply.timings;
    state.emit('http_reqs', 1, tags);
    state.emit('http_req_duration', sending + waiting + receiving, tags);
    state.emit('http_req_blocked', blocked, tags);
    state.emit('http_req_connecting', connecting, tags);
    state.emit('http_req_tls_handshaking', 0, tags);
    state.emit('http_req_sending', sending, tags);
    state.emit('http_req_waiting', waiting, tags);
    state.emit('http_req_receiving', receiving, tags);
    state.emit('http_req_failed', asExpected ? 0 : 1, tags);
    state.sentBytes += reply.sentBytes;
    state.receivedBytes += reply.receivedBytes;
  }

  function response(
    reply: HttpReply,
    asked: { method: string; url: string; headers: Record<string, string>; body: string | Uint8Array | null },
    type: Params['responseType'],
  ): unknown {
    const { discardResponseBodies } = JSON.parse(state.options) as { discardResponseBodies?: boolean };
    const wanted = type ?? (discardResponseBodies ? 'none' : 'text');
    const text = Buffer.from(reply.body).toString('utf8');
    const { timings } = reply;
    return {
      status: reply.status,
      status_text: reply.statusText,
      url: asked.url,
      proto: reply.proto,
      headers: reply.headers,
      body: reply.status === 0 || wanted === 'none' ? null : wanted === 'text' ? text : reply.body.buffer,
      error: reply.error,
      error_code: reply.errorCode,
      timings: {
        ...timings,
        tls_handshaking: 0,
        looking_up: 0,
        duration: timings.sending + timings.waiting + timings.receiving,
      },
      request: asked,
      json(selector?: string) {
        if (wanted === 'none' || reply.status === 0)
          throw new Error("the body is null so we can't transform it to JSON");
        if (selector !== undefined) throw new Error('the stand-in for k6 lacks selectors of json()');
        return parse(text);
      },
    };
  }

  const withBody =
    (method: string) =>
    (url: unknown, body?: unknown, params?: Params): unknown =>
      request(method, url, body, params ?? {});
  const withoutBody =
    (method: string) =>
    (url: unknown, params?: Params): unknown =>
      request(method, url, null, params ?? {});
  return {
    request: (method: string, url: unknown, body?: unknown, params?: Params) =>
      request(method.toUpperCase(), url, body, params ?? {}),
    asyncRequest: async (method: string, url: unknown, body?: unknown, params?: Params) =>
      request(method.toUpperCase(), url, body, params ?? {}),
    // One after the other, where k6 sends up to six at once.
    batch: (requests: Record<string, BatchEntry>) => {
      const answers = Object.entries(requests).map(([key, entry]) => [key, request(...asked(entry))]);
      return Array.isArray(requests) ? answers.map(([, answer]) => answer) : Object.fromEntries(answers);
    },
    get: withoutBody('GET'),
    head: withoutBody('HEAD'),
    post: withBody('POST'),
    put: withBody('PUT'),
    patch: withBody('PATCH'),
    del: withBody('DELETE'),
    options: withBody('OPTIONS'),
    url: (texts: readonly string[], ...values: unknown[]): NamedUrl => ({
      url: String.raw({ raw: texts }, ...values),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the place of a value, in k6's words
      name: texts.join('${}'),
    }),
  };
}

type BatchEntry =
  | string
  | readonly [method: string, url: unknown, body?: unknown, params?: Params]
  | { readonly method: string; readonly url: unknown; readonly body?: unknown; readonly params?: Params };

function asked(entry: BatchEntry): [method: string, url: unknown, body: unknown, params: Params] {
  if (typeof entry === 'string') return ['GET', entry, null, {}];
  const { method, url, body, params } = Array.isArray(entry)
    ? { method: entry[0], url: entry[1], body: entry[2], params: entry[3] }
    : (entry as Exclude<BatchEntry, string | readonly unknown[]>);
  return [method.toUpperCase(), url, body, params ?? {}];
}

/** A body as bytes or text: an object is a form. */
function contentOf(body: unknown, headers: Record<string, string>): string | Uint8Array | null {
  if (body === undefined || body === null || typeof body === 'string') return body ?? null;
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]')
    return new Uint8Array(body as ArrayBuffer);
  if (typeof body !== 'object') throw new Error(`unknown request body type ${typeof body}`);
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
  return new URLSearchParams(
    Object.entries(body as Record<string, unknown>).map(([k, v]) => [k, String(v)]),
  ).toString();
}
