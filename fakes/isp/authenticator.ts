/** Authentication at one ISP: whom it looks at, what it remembers of senders, what it has found so far. */
import type { Micros } from '../../src/core/clock.ts';
import { type Prng, Purpose } from '../../src/core/prng.ts';
import {
  type ClientFindings,
  countMessage,
  judgeAuthentication,
  type MessageFindings,
  type ResolvedRule,
  type Senders,
} from './authentication.ts';
import { type Client, checkClient, checkMessage } from './check-message.ts';
import type { LabResolver } from './lab-resolver.ts';
import type { Occasion } from './render.ts';
import type { ResolvedIsp } from './resolve.ts';
import { UnsignedMail } from './unsigned-mail.ts';

/** The most of a message that is kept to be authenticated. Nobody who has larger ones is judged by their content. */
export const WHOLE_MESSAGE_BYTES = 4 * 1024 * 1024;

/** A transaction that is looked at. */
export interface Check {
  readonly client: Client;
  readonly found: ClientFindings;
  /** What is wrong with the client. */
  readonly rule: ResolvedRule | undefined;
  /** Index of the reply that refuses it at MAIL. */
  readonly refusal: number | undefined;
}

/** What came of a message. */
export interface Judgement {
  /** Index of the reply that refuses it. */
  readonly refusal: number | undefined;
  /** What the reply may speak of. */
  readonly about: Partial<Occasion>;
}

/** How many messages were looked at, and what was wrong with them, whether or not it had consequences. */
export interface AuthenticationCounts {
  readonly checked: number;
  /** Those that no rule has anything against. */
  readonly passed: number;
  /** Those that could not be judged, being too large or beyond what the library reads. */
  readonly unread: number;
  /** By rule, in the profile's order; each message counts for the first that holds. */
  readonly byRule: Readonly<Record<string, number>>;
}

/** Messages of one organisational domain. */
export interface Volume {
  readonly organisation: string;
  readonly messages: number;
  readonly at: Micros;
}

const UNREAD: Judgement = { refusal: undefined, about: {} };

/** Authenticates for one ISP. Nothing that it finds has consequences unless every message is checked. */
export class Authenticator {
  readonly #isp: ResolvedIsp;
  readonly #resolver: LabResolver;
  readonly #prng: Prng;
  readonly #ownNames: ReadonlySet<string>;
  readonly #senders: Senders = new Map();
  readonly #unsigned: UnsignedMail | undefined;
  readonly #byRule = new Map<string, number>();
  readonly #tell: ((volume: Volume) => void) | undefined;
  #checked = 0;
  #unread = 0;

  /** @param tell tells others that look at the same senders what it has counted */
  constructor(isp: ResolvedIsp, resolver: LabResolver, prng: Prng, tell?: (volume: Volume) => void) {
    this.#tell = tell;
    this.#isp = isp;
    this.#resolver = resolver;
    this.#unsigned = resolver.isConstant ? new UnsignedMail() : undefined;
    this.#prng = prng;
    const hosts = isp.mx.flatMap((group) => group.hosts.map(({ host }) => host));
    this.#ownNames = new Set([isp.mta, ...hosts].map((name) => name.toLowerCase()));
    for (const { name } of isp.authentication.rules) this.#byRule.set(name, 0);
  }

  get counts(): AuthenticationCounts {
    const byRule = Object.fromEntries(this.#byRule);
    const faulty = Object.values(byRule).reduce((sum, n) => sum + n, 0);
    const checked = this.#checked;
    return { checked, passed: checked - this.#unread - faulty, unread: this.#unread, byRule };
  }

  /** Whether to look at a transaction; of a sample it depends on seed, ISP, connection and its number there alone. */
  looksAt(connection: number, transaction: number): boolean {
    const { check, sample } = this.#isp.authentication;
    if (check !== 'sampled') return check === 'every';
    const key = Math.imul(connection, 0x9e3779b1) + transaction;
    return this.#prng.chance(Purpose.authenticationSample, key, this.#isp.number) < sample;
  }

  /** Looks at a client that says MAIL. */
  begin(client: Client): Check {
    const found = checkClient(this.#resolver, client, this.#ownNames);
    const rule = judgeAuthentication(found, undefined, this.#isp.authentication, this.#senders);
    const refusal = this.#consequence(rule);
    // One that goes on is counted with its message.
    if (refusal !== undefined) this.#count(rule);
    return { client, found, rule, refusal };
  }

  /** Counts messages of an organisational domain. */
  learn({ organisation, messages, at }: Volume): void {
    countMessage(this.#senders, this.#isp.authentication, organisation, at, messages);
  }

  /** Judges a message. `content`: all of it; undefined: it was too large to be kept. `copies`: its recipients. */
  async judge(check: Check, content: Buffer | undefined, copies: number, now: Micros): Promise<Judgement> {
    const message = content && (await this.#read(check.client, content));
    if (!message) {
      this.#checked++;
      this.#unread++;
      return UNREAD;
    }
    const { authentication } = this.#isp;
    const weight = authentication.check === 'sampled' ? 1 / authentication.sample : 1;
    const volume = { organisation: message.organisation, messages: copies * weight, at: now };
    this.learn(volume);
    this.#tell?.(volume);
    const rule = judgeAuthentication(check.found, message, authentication, this.#senders);
    this.#count(check.rule ?? rule);
    return { refusal: this.#consequence(rule), about: occasionOf(message, rule) };
  }

  async #read(client: Client, content: Buffer): Promise<MessageFindings | undefined> {
    try {
      return await checkMessage(this.#resolver, client, content, this.#isp.mta, this.#unsigned);
    } catch {
      // The library gave up on what a client sent; that is no reason to end.
      return undefined;
    }
  }

  #count(rule: ResolvedRule | undefined): void {
    this.#checked++;
    if (rule) this.#byRule.set(rule.name, (this.#byRule.get(rule.name) ?? 0) + 1);
  }

  #consequence(rule: ResolvedRule | undefined): number | undefined {
    return this.#isp.authentication.check === 'every' ? rule?.reply : undefined;
  }
}

/** What the reply that a rule names may say of the message. */
function occasionOf(
  { header, fromDomain, spf, dkim, dmarc }: MessageFindings,
  rule: ResolvedRule | undefined,
): Partial<Occasion> {
  const fault = header.faults.find(({ kind }) => rule?.when.includes(kind));
  return {
    fromDomain,
    passed: { spf: spf.result === 'pass', dkim: dkim.result === 'pass', dmarc: dmarc.result === 'pass' },
    ...(dkim.domain === '' ? {} : { dkimDomain: dkim.domain }),
    ...(fault ? { field: fault.field } : {}),
  };
}
