/** Haraka on this machine's loopback, without a seal, before tiny ISPs. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { sleepMs } from '../../src/core/clock.ts';
import { loopbackOnly } from '../../src/core/proof.ts';
import { type LabMtaHost, openMtaHost } from '../../src/lab/mta/host.ts';
import type { MtaPlan } from '../../src/mta/adapter.ts';
import { mtaPlan } from './mta-plan.ts';

/** The sender's domain. */
export const SENDER = 'news.sender.test';
/** Addresses that only Linux has without being told. */
export const SOURCES = [
  { index: 0, address: '127.0.0.2', helo: 'out1.sender.test', vmta: 'one' },
  { index: 1, address: '127.0.0.3', helo: 'out2.sender.test', vmta: 'two' },
];

/** A delivery that an ISP saw. */
export interface Seen {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly helo: string;
  readonly secure: boolean;
}

/** A tiny ISP: accepts, or answers by the number of the attempt for a recipient. */
export class Isp {
  readonly attempts: Seen[] = [];
  readonly accepted: Seen[] = [];
  readonly messages: string[] = [];
  /** The most connections at a time. */
  most = 0;
  #open = 0;
  readonly #answers = new Map<string, (attempt: number) => string | undefined>();
  readonly #server: SMTPServer;

  constructor(starttls: boolean) {
    this.#server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      disabledCommands: starttls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
      onConnect: (_session, done) => {
        this.#open += 1;
        this.most = Math.max(this.most, this.#open);
        done();
      },
      onClose: () => {
        this.#open -= 1;
      },
      onRcptTo: ({ address: to }, session, done) => {
        const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
        const seen = {
          from,
          to,
          source: session.remoteAddress,
          helo: session.hostNameAppearsAs,
          secure: session.secure,
        };
        this.attempts.push(seen);
        const refusal = this.#answers.get(to)?.(this.attempts.filter((attempt) => attempt.to === to).length);
        if (refusal === undefined) this.accepted.push(seen);
        done(refusal === undefined ? null : replyOf(refusal));
      },
      onData: (stream, _session, done) => {
        let text = '';
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => {
          text += chunk;
        });
        stream.on('end', () => {
          this.messages.push(text);
          done();
        });
      },
    });
    this.#server.on('error', () => {});
  }

  answer(to: string, by: (attempt: number) => string | undefined): void {
    this.#answers.set(to, by);
  }

  async listen(): Promise<{ address: string; port: number }> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return { address: '127.0.0.1', port: (this.#server.server.address() as AddressInfo).port };
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function replyOf(text: string): Error {
  return Object.assign(new Error(text.slice(4)), { responseCode: Number(text.slice(0, 3)) });
}

/** Polls until the condition holds; the test fails by itself if that takes too long. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await holds()) return;
    await sleepMs(20);
  }
  assert.fail(`never happened: ${what}`);
}

/** This machine as the MTA's; it says what ended last. */
export function hostHere(): LabMtaHost & { readonly ends: string[] } {
  const ends: string[] = [];
  const network = {
    lab: 'loopback',
    proof: loopbackOnly(),
    enterHost: (argv: readonly string[]) => argv,
    hostPid: undefined,
  } as const;
  return Object.assign(openMtaHost(network), { ends, onEnd: (sentence: string) => void ends.push(sentence) });
}

/** A folder that is gone after the test. */
export async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'haraka-e2e-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A plan for Haraka without a seal, with a tiny ISP for each domain, which listens. */
export async function planWith(t: TestContext, isps: Readonly<Record<string, Isp>>): Promise<MtaPlan> {
  const routes: Record<string, { address: string; port: number }> = {};
  for (const [domain, isp] of Object.entries(isps)) {
    routes[domain] = await isp.listen();
    t.after(() => isp.stop());
  }
  return mtaPlan({
    folder: await folder(t),
    submission: { port: 0 },
    sources: SOURCES,
    retry: [1e6],
    expire: 2e6,
    concurrency: 50,
    routes,
  });
}
