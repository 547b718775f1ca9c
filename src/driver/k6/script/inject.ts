/** windtunnel's own iteration: one message, handed over by one request. */
import http from 'k6/http';
import { requestOf } from '../../../core/http-injection.ts';
import { type Iteration, record } from './iteration.ts';
import { plan } from './plan.ts';

/** As it was before a user's script had it changed (prelude.ts). */
const post = http.post;

/** Hands over the message of an iteration. */
export function inject(iteration: Iteration): void {
  const { load } = iteration;
  const message = load.factory.message(iteration.message);
  const request = requestOf(plan.api, plan.key, message);
  const params = {
    headers: request.headers,
    timeout: load.timeoutMs,
    redirects: 0,
    responseType: 'text' as const,
  };
  const sentAtMs = Date.now();
  try {
    record(iteration, message.recipients, sentAtMs, post(plan.url + request.path, request.body, params));
  } catch (error) {
    // Only where options.throw is set: k6 throws then what it tells with status 0 otherwise.
    if (iteration.state === undefined) record(iteration, message.recipients, sentAtMs, undefined);
    throw error;
  }
}
