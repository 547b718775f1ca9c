import type { HttpApi } from '../../src/core/http-injection.ts';
import { sealedMtaPlan } from '../../src/lab/mta/plan.ts';
import type { MtaPlan } from '../../src/mta/adapter.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { planRun } from '../../src/scenario/plan.ts';

/** What an adapter would be told of a scenario in a seal. */
export function plannedMta(scenario: string): Promise<MtaPlan> {
  return sealedMtaPlan(planRun(parseScenario(scenario, 'scenario.yaml')), '2026-11-28T12:00:00.000Z');
}

/** The same, with loads over HTTP in this form. */
export function withHttp(plan: MtaPlan, api: HttpApi): MtaPlan {
  const http = { port: 8000, apis: [api], key: 'e6f1a0c2'.repeat(5) };
  return { ...plan, submission: { ...plan.submission, http } };
}

/** Two addresses, all defaults. */
export const PLAIN_SCENARIO = `
mta: { adapter: none, sources: [198.18.128.1, 198.18.128.2] }
load: { rate: 1/s, duration: 1s }
`;

/** All that a scenario can ask of an MTA: both families, pools with weights, limits at ISPs, TLS, users. */
export const FULL_SCENARIO = `
mta:
  adapter: haraka
  listen: all
  sources:
    - { ip: 198.18.128.1, helo: a4.news.sender.test, vmta: bulk }
    - { ip: "2001:2:0:1::1", helo: a6.news.sender.test, vmta: bulk }
    - { ip: 198.18.128.2, helo: b4.news.sender.test, vmta: receipts }
    - { ip: "2001:2:0:1::2", helo: b6.news.sender.test, vmta: six }
  pools:
    letters: { bulk: 3, six: 1 }
    everything: [bulk, receipts, six]
  pool: letters
  isps:
    gmail: { concurrency: 24, rate: 90/m }
    outlook: { concurrency: 2 }
  tls: required
  retry: [1m, 5m, 90s, 1h]
  expire: 2d
  concurrency: 64
senders: [{ domain: news.sender.test }, { domain: bills.sender.test }]
isps: { gmail: { share: 50% }, yahoo: { share: 30% }, outlook: { share: 20% } }
load:
  rate: 1/s
  duration: 1s
  tls: implicit
  auth: { mechanism: plain, user: letters@sender.test, password: "s3cret!" }
`;
