/** The session of a client at a simulated ISP: what was said so far, what the policy says to it, and what came of it. */
import type { Micros } from '../../src/core/clock.ts';
import { MESSAGE_HEADER } from '../../src/core/identity.ts';
import type { AttemptOutcome, Stage, TransactionOutcome } from '../../src/record/attempt-log.ts';
import { type Check, WHOLE_MESSAGE_BYTES } from './authenticator.ts';
import { Facts, NOTHING_MORE } from './facts.ts';
import { authorDomain, headerField, headerOf, messageIdOf, signingDomain } from './header.ts';
import { NamedRecipients } from './named-recipients.ts';
import { decide, observe } from './policy.ts';
import type { ProtocolError } from './protocol.ts';
import { domainOf, type Occasion, type Rendered } from './render.ts';
import { HEAD_BYTES, type IncomingMessage, type Peer, type Session, type SessionWorld } from './session.ts';
import { sharedText } from './shared-text.ts';
import type { Effect, PolicyEvent, Verdict } from './verdict.ts';

const NO_EFFECTS = { connection: undefined, transaction: undefined };
const SILENCE: Rendered = { code: 0, lines: [], close: true };

type Refusal = Verdict & { readonly kind: 'refuse' };

const REFUSED = ['throttled', 'deferred', 'rejected'] as const;
type Refused = (typeof REFUSED)[number];

interface Transaction {
  readonly sender: string;
  readonly named: NamedRecipients;
  /** Those of them that were accepted at RCPT, so that the reply to the dot is theirs. */
  readonly waiting: string[];
  stage: Stage;
  /** What is known of the client, if this transaction is authenticated. */
  check: Check | undefined;
  /** The message, once it is in. */
  received: Content;
  /** The refusal of MAIL. The transaction ends when the client goes on, since it may still name recipients. */
  refused:
    | { readonly at: Micros; readonly reply: number; readonly outcome: Refused; readonly ration: boolean }
    | undefined;
  /** The refusal at RCPT that stands for all of them: the first of the mildest outcome. */
  refusal: { readonly reply: number; readonly outcome: Refused } | undefined;
}

/** Why a transaction ends before the reply to its dot. `ration`: the connection has carried what it may carry. */
type EndedBy = 'client' | 'isp' | 'ration';

/** What is known of a message's content. */
interface Content {
  readonly bytes: number;
  readonly headerMessage: string | undefined;
  /** Its header, as much as was kept. */
  readonly head: string;
}
const NOTHING: Content = { bytes: 0, headerMessage: undefined, head: '' };

/** The session of one connection: asks the policy, words the answers, and tells the observer what came of each command. */
export class IspSession implements Session {
  readonly #world: SessionWorld;
  readonly #peer: Peer;
  readonly #facts: Facts;
  #domain = '';
  #transaction: Transaction | undefined;
  #open = false;
  #effects: { connection: Effect | undefined; transaction: Effect | undefined } = NO_EFFECTS;

  constructor(world: SessionWorld, peer: Peer) {
    this.#world = world;
    this.#peer = peer;
    this.#facts = new Facts(peer.address, peer.connection);
  }

  onConnect(): Rendered {
    this.#open = true;
    this.#world.open.add(this);
    const { connection, source, client, netblock } = this.#peer;
    const verdict = this.#decide({ kind: 'connect', connection, source, client, netblock });
    const reply = verdict.kind === 'refuse' ? verdict.reply : undefined;
    this.#world.observer.connectionOpened({ at: this.#now(), source, connection, reply });
    if (verdict.kind === 'accept') {
      if (verdict.effect) this.#effects = { ...NO_EFFECTS, connection: verdict.effect };
      return this.#say(verdict.reply);
    }
    // A client that is refused at once has nothing left to say but QUIT, so it is sent away in any case.
    const answer = reply === undefined ? SILENCE : this.#say(reply, NOTHING_MORE, true);
    this.#end('isp', reply);
    return answer;
  }

  onHelo(verb: 'HELO' | 'EHLO', name: string): Rendered {
    if (!this.#open) return SILENCE;
    this.#finish('client');
    this.#facts.greeted = name;
    return this.#say(this.#world.isp.answers[verb === 'EHLO' ? 'ehlo' : 'helo']);
  }

  onStartTls(): Rendered {
    if (!this.#open) return SILENCE;
    const reply = this.#world.isp.answers.starttls;
    return reply === undefined ? this.onError('unknown-command') : this.#say(reply);
  }

  onSecured(): void {
    this.#finish('client');
    this.#facts.tls = true;
    this.#facts.greeted = '';
  }

  onMail(sender: string, size = 0): Rendered {
    if (!this.#open) return SILENCE;
    this.#finish('client');
    const facts = this.#facts;
    facts.transaction++;
    facts.ids = {};
    facts.sender = sender;
    const transaction: Transaction = {
      sender,
      named: new NamedRecipients(),
      waiting: [],
      stage: 'mail',
      check: undefined,
      received: NOTHING,
      refused: undefined,
      refusal: undefined,
    };
    this.#transaction = transaction;
    const allowed =
      this.#tooBig(size) ??
      this.#decide({
        kind: 'mail',
        connection: this.#peer.connection,
        sender,
        senderDomain: this.#senderDomain(sender),
        size,
      });
    this.#meet(allowed);
    const verdict = allowed.kind === 'accept' ? this.#checkClient(transaction, allowed) : allowed;
    if (verdict.kind === 'hangup') return this.#hangUp(verdict);
    const answer = this.#say(verdict.reply);
    if (verdict.kind === 'refuse') {
      const { reply } = verdict;
      transaction.refused = {
        at: this.#now(),
        reply,
        outcome: this.#outcomeOf(reply),
        ration: this.#isRation(verdict),
      };
      if (verdict.close) this.#end('isp', reply);
    }
    return answer;
  }

  onRcpt(recipient: string): Rendered {
    const transaction = this.#transaction;
    if (!this.#open) return SILENCE;
    if (!transaction) return this.onError('mail-first');
    const key = recipient.toLowerCase();
    // Whoever names a recipient twice means one delivery, and hears the same again.
    const known = transaction.named.get(key);
    if (known) return known.answer;
    if (transaction.refused) {
      const answer = this.onError('mail-first');
      transaction.named.add(key, { address: recipient, answer });
      return answer;
    }
    transaction.stage = 'rcpt';
    const verdict = this.#decide({ kind: 'rcpt', connection: this.#peer.connection, recipient });
    if (verdict.kind === 'hangup') {
      transaction.named.add(key, { address: recipient, answer: SILENCE });
      transaction.waiting.push(recipient);
      return this.#hangUp(verdict);
    }
    const answer = this.#say(verdict.reply, { recipient });
    transaction.named.add(key, { address: recipient, answer });
    if (verdict.kind === 'accept') transaction.waiting.push(recipient);
    else {
      const outcome = this.#outcomeOf(verdict.reply);
      this.#attempt(transaction, recipient, outcome, verdict.reply);
      const { refusal } = transaction;
      const milder = !refusal || REFUSED.indexOf(outcome) < REFUSED.indexOf(refusal.outcome);
      if (milder) transaction.refusal = { reply: verdict.reply, outcome };
      if (verdict.close) this.#end(this.#isRation(verdict) ? 'ration' : 'isp', verdict.reply);
    }
    return answer;
  }

  onData(): Rendered {
    if (!this.#open) return SILENCE;
    const transaction = this.#transaction;
    if (!transaction || transaction.refused) return this.onError('mail-first');
    if (transaction.waiting.length === 0) return this.onError('rcpt-first');
    transaction.stage = 'data';
    return this.#say(this.#world.isp.answers.data);
  }

  onChunk(bytes: number): Rendered {
    const reply = this.#world.isp.answers.chunk;
    if (!this.#open) return SILENCE;
    return reply === undefined ? this.onError('unknown-command') : this.#say(reply, { bytes });
  }

  /** The faults that the policy has in store for this connection and for its transaction. */
  get effects(): { readonly connection: Effect | undefined; readonly transaction: Effect | undefined } {
    return this.#effects;
  }

  get wantsContent(): number {
    return this.#transaction?.check ? WHOLE_MESSAGE_BYTES : HEAD_BYTES;
  }

  onDot(message: IncomingMessage): Rendered | Promise<Rendered> {
    const { bytes, head: kept, longText = false } = message;
    const transaction = this.#transaction;
    if (!this.#open) return SILENCE;
    if (transaction?.stage !== 'data') return this.onError('mail-first');
    transaction.stage = 'dot';
    const recipients = transaction.waiting;
    const head = headerOf(kept, HEAD_BYTES);
    const now = this.#now();
    const verdict =
      this.#tooBig(bytes) ??
      (longText ? this.#refusal('long-text') : undefined) ??
      this.#decide(
        {
          kind: 'dot',
          connection: this.#peer.connection,
          recipients,
          bytes,
          dkimDomain: this.#world.state.readsSignatures ? signingDomain(head) : undefined,
        },
        now,
      );
    this.#meet(verdict);
    transaction.received = { bytes, headerMessage: headerField(head, MESSAGE_HEADER), head };
    if (verdict.kind === 'hangup') return this.#hangUp(verdict);
    const messageId = this.#world.state.readsMessageIds ? messageIdOf(head) : '';
    const about = { recipient: recipients[0] ?? '', bytes, messageId };
    const { check } = transaction;
    return verdict.kind === 'accept' && check
      ? this.#authenticate(transaction, check, message, verdict, about)
      : this.#answerDot(transaction, verdict, about, now);
  }

  onReset(keep = false): Rendered {
    if (!this.#open) return SILENCE;
    if (!keep) this.#finish('client');
    const { reset, noop = reset } = this.#world.isp.answers;
    return this.#say(keep ? noop : reset);
  }

  onQuit(): Rendered {
    if (!this.#open) return SILENCE;
    const answer = this.#say(this.#world.isp.answers.quit, NOTHING_MORE, true);
    this.#end('client', undefined);
    return answer;
  }

  onCourtesy(command: 'vrfy' | 'help'): Rendered {
    if (!this.#open) return SILENCE;
    const reply = this.#world.isp.answers[command];
    return reply === undefined ? this.onError('unimplemented-command') : this.#say(reply);
  }

  onError(error: ProtocolError, argument = ''): Rendered {
    if (!this.#open) return SILENCE;
    const { reply } = this.#refusal(error);
    const answer = this.#say(reply, error === 'bad-hello' ? { helo: argument } : NOTHING_MORE);
    if (answer.close) this.#end('isp', reply);
    return answer;
  }

  onClose(byIsp = false): void {
    this.#end(byIsp ? 'isp' : 'client', undefined);
  }

  /** Authenticates a client that may send, if its transaction is to be authenticated. */
  #checkClient(transaction: Transaction, accepted: Verdict): Verdict {
    const { authenticator } = this.#world;
    const { connection, address, simulatedAddress = address } = this.#peer;
    if (!authenticator?.looksAt(connection, this.#facts.transaction)) return accepted;
    transaction.check = authenticator.begin({
      address: simulatedAddress,
      helo: this.#facts.greeted,
      sender: transaction.sender,
      tls: this.#facts.tls,
    });
    const { refusal } = transaction.check;
    return refusal === undefined ? accepted : this.#refusalWith(refusal);
  }

  /** Authenticates a message that would be accepted. Meanwhile the connection may end, and the transaction with it. */
  async #authenticate(
    transaction: Transaction,
    check: Check,
    { bytes, head }: IncomingMessage,
    accepted: Verdict & { readonly kind: 'accept' },
    about: Partial<Occasion>,
  ): Promise<Rendered> {
    const { authenticator } = this.#world;
    const whole = head.length < bytes ? undefined : Buffer.from(head);
    const copies = transaction.waiting.length;
    const judgement = await authenticator?.judge(check, whole, copies, this.#now());
    if (!this.#open || this.#transaction !== transaction) return SILENCE;
    const refusal = judgement?.refusal;
    if (refusal !== undefined) this.#tellOfFailure(transaction.sender);
    const verdict = refusal === undefined ? accepted : this.#refusalWith(refusal);
    return this.#answerDot(transaction, verdict, { ...about, ...judgement?.about }, this.#now());
  }

  /** What fails authentication costs reputation. */
  #tellOfFailure(sender: string): void {
    const { source } = this.#peer;
    const senderDomain = domainOf(sender).toLowerCase();
    observe(this.#world.state, { kind: 'unauthenticated', source, senderDomain }, this.#now());
  }

  /** Says what became of a message, to the client and to the observer. */
  #answerDot(
    transaction: Transaction,
    verdict: Exclude<Verdict, { kind: 'hangup' }>,
    about: Partial<Occasion>,
    now: Micros,
  ): Rendered {
    const answer = this.#say(verdict.reply, about);
    const { named, waiting: recipients, received } = transaction;
    const outcome = verdict.kind === 'accept' ? 'accepted' : this.#outcomeOf(verdict.reply);
    for (const recipient of recipients)
      this.#attempt(transaction, recipient, outcome, verdict.reply, received, now);
    const partial = outcome === 'accepted' && recipients.length < named.size;
    this.#close(transaction, partial ? 'partial' : outcome, verdict.reply, received, now);
    if (verdict.kind === 'refuse' && verdict.close) this.#end('isp', verdict.reply);
    if (outcome === 'accepted') this.#handIn(transaction, about, now);
    if (outcome !== 'accepted') return answer;
    // Field by field: an answer of a form of its own would slow down all who read answers.
    const { code, lines, close } = answer;
    return { code, lines, close, onLost: () => this.#replyLost(transaction, now) };
  }

  /** Gives an accepted message to those who see to what comes of it. */
  #handIn({ sender, waiting, received }: Transaction, about: Partial<Occasion>, at: Micros): void {
    const { onAccepted } = this.#world;
    if (!onAccepted) return;
    const { bytes, head } = received;
    const { source, address, simulatedAddress = address } = this.#peer;
    onAccepted({
      at,
      source,
      address: simulatedAddress,
      helo: this.#facts.greeted,
      sender,
      recipients: waiting,
      header: `${head}\r\n`,
      bytes,
      tls: this.#facts.tls,
      dkimDomain: signingDomain(head),
      fromDomain: authorDomain(head),
      passed: about.passed,
    });
  }

  /** The client can't have read that its message was taken at that moment. */
  #replyLost({ sender, waiting, received: { headerMessage } }: Transaction, at: Micros): void {
    const { connection, source } = this.#peer;
    for (const recipient of waiting)
      this.#world.observer.replyLost({ at, source, connection, sender, recipient, headerMessage });
  }

  /** The domain of a sender in small letters: the very text of the last one where it is the same, known to every map. */
  #senderDomain(sender: string): string {
    const length = sender.length - sender.lastIndexOf('@') - 1;
    if (length !== this.#domain.length || !sender.endsWith(this.#domain))
      this.#domain = sharedText(domainOf(sender).toLowerCase());
    return this.#domain;
  }

  /** The refusal of a message that is larger than the ISP offers to take. */
  #tooBig(bytes: number): Refusal | undefined {
    const { size } = this.#world.isp.rules;
    return size !== null && bytes > size ? this.#refusal('too-big') : undefined;
  }

  #refusal(error: ProtocolError): Refusal {
    const reply = this.#world.isp.errors[error];
    if (reply === undefined) throw new Error(`no reply to ${error}`);
    return this.#refusalWith(reply);
  }

  #refusalWith(reply: number): Refusal {
    const close = this.#world.isp.replies[reply]?.closes ?? false;
    return { kind: 'refuse', reply, close, limit: undefined };
  }

  #now(): Micros {
    return this.#world.clock.now();
  }

  /** Remembers the fault that comes with a verdict about a transaction. */
  #meet(verdict: Verdict): void {
    const transaction = verdict.kind === 'accept' ? verdict.effect : undefined;
    if (transaction !== this.#effects.transaction) this.#effects = { ...this.#effects, transaction };
  }

  #decide(event: PolicyEvent, now = this.#now()): Verdict {
    return decide(this.#world.state, event, now, this.#world.prng);
  }

  #say(reply: number, about: Partial<Occasion> = NOTHING_MORE, close?: boolean): Rendered {
    this.#facts.about = about;
    return this.#world.render(reply, this.#facts, close);
  }

  #hangUp(verdict: Verdict): Rendered {
    this.#end(this.#isRation(verdict) ? 'ration' : 'isp', undefined);
    return SILENCE;
  }

  /** Whether a limit on what one connection may carry was met: the client is to come back on a new one. */
  #isRation(verdict: Verdict): boolean {
    if (verdict.kind === 'accept' || verdict.limit === undefined) return false;
    return this.#world.isp.limits[verdict.limit]?.key === 'connection';
  }

  #outcomeOf(reply: number): Refused {
    const found = this.#world.isp.replies[reply]?.class;
    if (found === undefined || found === 'accepted') throw new Error(`reply ${reply} refuses nothing`);
    return found;
  }

  /** Ends the transaction under way, if there is one, before its dot was answered. */
  #finish(by: EndedBy): void {
    const transaction = this.#transaction;
    if (!transaction) return;
    const { refused, refusal, named, waiting, received } = transaction;
    if (refused) {
      // Recipients that were named after the refusal share it.
      const recipients = named.size > 0 ? named.addresses() : [undefined];
      for (const recipient of recipients)
        this.#attempt(transaction, recipient, refused.outcome, refused.reply, NOTHING, refused.at);
      this.#close(
        transaction,
        refused.ration ? 'recycled' : refused.outcome,
        refused.reply,
        NOTHING,
        refused.at,
      );
    } else if (refusal && waiting.length === 0) {
      this.#close(transaction, by === 'ration' ? 'recycled' : refusal.outcome, refusal.reply);
    } else {
      const outcome = by === 'client' ? 'abandoned' : 'dropped';
      for (const recipient of waiting) this.#attempt(transaction, recipient, outcome, undefined, received);
      if (named.size === 0 && by !== 'client') this.#attempt(transaction, undefined, outcome, undefined);
      this.#close(transaction, by === 'ration' ? 'recycled' : outcome, undefined, received);
    }
  }

  #attempt(
    { sender, stage }: Transaction,
    recipient: string | undefined,
    outcome: AttemptOutcome,
    reply: number | undefined,
    { headerMessage }: Content = NOTHING,
    at: Micros = this.#now(),
  ): void {
    const { connection, source } = this.#peer;
    this.#world.observer.attempt({
      at,
      source,
      connection,
      sender,
      recipient,
      headerMessage,
      stage,
      outcome,
      reply,
    });
  }

  #close(
    { sender, named, stage }: Transaction,
    outcome: TransactionOutcome,
    reply: number | undefined,
    { bytes }: Content = NOTHING,
    at: Micros = this.#now(),
  ): void {
    this.#transaction = undefined;
    this.#facts.sender = '';
    const { connection, source } = this.#peer;
    this.#world.observer.transaction({
      at,
      source,
      connection,
      sender,
      stage,
      outcome,
      recipients: named.size,
      bytes,
      reply,
    });
  }

  /** Ends the session, once. `reply`: what the ISP closed it with, if it was the ISP and it said something. */
  #end(by: EndedBy, reply: number | undefined): void {
    if (!this.#open) return;
    this.#finish(by);
    this.#open = false;
    this.#world.open.delete(this);
    const { connection, source } = this.#peer;
    this.#decide({ kind: 'close', connection });
    this.#world.observer.connectionClosed({
      at: this.#now(),
      source,
      connection,
      transactions: this.#facts.transaction,
      reply,
    });
  }
}
