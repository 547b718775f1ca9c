/// <reference path="./windtunnel.d.ts" />
/** The global object `windtunnel`, with which users' scripts get numbered mail. It is made before they are loaded. */
import exec from 'k6/execution';
import type { RequestBody } from 'k6/http';
import { requestOf } from '../../../core/http-injection.ts';
import { envelopeSender } from '../../../core/identity.ts';
import { type Answer, currentIteration, type Iteration, record } from './iteration.ts';
import { numbered } from './numbered.ts';
import { plan } from './plan.ts';

/** What `k6/http` exports, as far as it makes requests that may be injections (k6 documentation, "k6/http"). */
interface Http {
  post(url: Url, body?: RequestBody | null, params?: Params | null): Answer;
  request(method: string, url: Url, body?: RequestBody | null, params?: Params | null): Answer;
  asyncRequest(method: string, url: Url, body?: RequestBody | null, params?: Params | null): Promise<Answer>;
  batch(requests: readonly unknown[] | Readonly<Record<string, unknown>>): unknown;
}

/** A URL, or what http.url`` makes of one. */
type Url = string | { readonly url?: string; readonly name?: string };
type Params = Readonly<Record<string, unknown>> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, unknown>>;
};

/** An injection, ready to be sent. */
interface NumberedRequest {
  readonly iteration: Iteration;
  readonly url: string;
  readonly body: string;
  readonly params: Params;
  readonly recipients: readonly string[];
}

/** Where injections go, and what lets them in. */
const door = requestOf(plan.api, plan.key, { sender: '', recipients: [], content: '' });

globalThis.windtunnel = { number, message };

if (plan.base !== undefined) openFrom(plan.base);

function message(): WindtunnelMessage {
  const iteration = currentIteration();
  if (!iteration) throw new Error('windtunnel.message() is for iterations; there is none here');
  const { sender, recipients, content } = iteration.load.factory.message(iteration.message);
  return { number: iteration.message, sender, recipients, content };
}

/** What injections are numbered of already: several scripts may ask for it. */
let numberedHttp: object | undefined;

/** Whether a script asked for numbers. */
export function isNumbered(): boolean {
  return numberedHttp !== undefined;
}

/** All imports of `k6/http` within a virtual user are one object, so what is put in its place here holds for all. */
function number(target: object): void {
  if (target === numberedHttp) return;
  numberedHttp = target;
  const http = target as Http;
  const { post, request, asyncRequest, batch } = http;
  if (!post || !request)
    throw new Error("windtunnel.number() expects the default export of k6/http: import http from 'k6/http'");
  try {
    http.post = (url, body, params) => {
      const injection = numberedRequest('POST', url, body, params);
      return injection ? sent(injection, post) : post(url, body, params);
    };
    http.request = (method, url, body, params) => {
      const injection = numberedRequest(method, url, body, params);
      return injection ? sent(injection, post) : request(method, url, body, params);
    };
    http.asyncRequest = (method, url, body, params) => {
      const injection = numberedRequest(method, url, body, params);
      return injection ? sentLater(injection, asyncRequest) : asyncRequest(method, url, body, params);
    };
    http.batch = (requests) => {
      if (currentIteration() && Object.values(requests).some(isBatchedInjection))
        abort('an injection is made by http.batch(); expected one an iteration, by http.post()');
      return batch(requests);
    };
  } catch {
    throw new Error("windtunnel.number() can't change this object; expected import http from 'k6/http'");
  }
}

function sent(injection: NumberedRequest, post: Http['post']): Answer {
  const { iteration, url, body, params, recipients } = injection;
  const sentAtMs = Date.now();
  let answer: Answer | undefined;
  try {
    answer = post(url, body, params);
    return answer;
  } finally {
    // Where options.throw is set there may be no answer, but an exception.
    record(iteration, recipients, sentAtMs, answer);
  }
}

function sentLater(injection: NumberedRequest, asyncRequest: Http['asyncRequest']): Promise<Answer> {
  const { iteration, url, body, params, recipients } = injection;
  const sentAtMs = Date.now();
  return asyncRequest('POST', url, body, params).then(
    (answer) => {
      record(iteration, recipients, sentAtMs, answer);
      return answer;
    },
    (error) => {
      record(iteration, recipients, sentAtMs, undefined);
      throw error;
    },
  );
}

/** The request as it is to be sent, if it is an injection of an iteration; undefined: let it go as it is. */
function numberedRequest(
  method: string,
  url: Url,
  body: unknown,
  params: Params | null | undefined,
): NumberedRequest | undefined {
  const iteration = currentIteration();
  const text = textOf(url);
  if (!iteration || method.toUpperCase() !== 'POST' || pathOf(text) !== door.path) return undefined;
  const { load, message: number } = iteration;
  const recipients = load.factory.recipients(number);
  const sender = envelopeSender(number, load.factory.senderDomain(number));
  const result = numbered(plan.api, body, { message: number, sender, recipients });
  if (!result) return undefined;
  if ('problem' in result) return abort(result.problem);
  // What was refused may be tried again under its number; all else would be a second message under it.
  if (iteration.state !== undefined && iteration.state !== 'refused')
    return abort(
      `a second injection in one iteration, after one that is ${iteration.state}; expected one message an iteration`,
    );
  iteration.state = 'unconfirmed';
  return {
    iteration,
    url: plan.url + text.replace(/^[a-z]+:\/\/[^/]*/i, ''),
    body: result.body,
    params: {
      timeout: load.timeoutMs,
      ...params,
      headers: headersFrom(params?.headers),
      // As k6 would name it by the script's own URL, which thresholds may ask for.
      tags: { name: (typeof url === 'string' ? undefined : url?.name) ?? text, ...params?.tags },
      // Whatever options.discardResponseBodies says: the answer tells what became of each recipient.
      responseType: 'text',
    },
    recipients,
  };
}

/** The script's header fields; the MTA under test may ask for another key than the one that the script was written for. */
function headersFrom(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(door.headers);
  const replaced = plan.key === undefined ? [] : own.map(([name]) => name.toLowerCase());
  const kept = Object.entries(headers).filter(([name]) => !replaced.includes(name.toLowerCase()));
  const names = kept.map(([name]) => name.toLowerCase());
  return Object.fromEntries([...own.filter(([name]) => !names.includes(name.toLowerCase())), ...kept]);
}

/** One entry of http.batch: a URL, an array, or an object. */
function isBatchedInjection(entry: unknown): boolean {
  if (Array.isArray(entry)) return isInjection(entry[0], entry[1]);
  if (typeof entry !== 'object' || entry === null) return false;
  const { method, url } = entry as { readonly method?: unknown; readonly url?: unknown };
  return isInjection(method, url);
}

function isInjection(method: unknown, url: unknown): boolean {
  return String(method).toUpperCase() === 'POST' && pathOf(textOf(url as Url)) === door.path;
}

function textOf(url: Url): string {
  return typeof url === 'string' ? url : String(url?.url ?? '');
}

/** The path of a URL, without a slash at its end. */
function pathOf(url: string): string {
  return (/^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '').replace(/\/$/, '');
}

/** Ends the whole test: what the script does can't be counted, and would be an error in every iteration. */
function abort(problem: string): never {
  exec.test.abort(`windtunnel: ${problem}`);
  throw new Error(problem);
}

/**
 * k6 takes what `open()` is given as seen from the script that it was started with, which is the generated one; the user's
 * script means its own folder (k6 documentation, "open").
 */
function openFrom(base: string): void {
  const { open } = globalThis as unknown as { open(path: string, ...mode: string[]): unknown };
  Object.assign(globalThis, {
    open: (path: string, ...mode: string[]) =>
      open(path.startsWith('/') || path.includes('://') ? path : `${base}/${path}`, ...mode),
  });
}
