/**
 * A small store-and-forward MTA that loses, doubles and hides mail exactly as it is told, and counts what it did; and
 * that is as rude or as polite as it is told. The truth tests compare that with what the harness reports. Runs in the
 * test's own process; one transaction a recipient.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { after, monotonicMicros, sleepMs, wallClock } from '../../src/core/clock.ts';
import { messageOfSender } from '../../src/core/identity.ts';
import type { QueuedRecipient } from '../../src/mta/adapter.ts';
import { Courier, type Endpoint, type Verdict } from './courier.ts';
import type { Pace } from './pacing.ts';
import type { SuppressionList } from './suppression-list.ts';

/** What goes wrong, by the message's number (from its VERP sender). */
export interface Faults {
  /** Takes the message with a 250 and forgets it: no delivery, no DSN. */
  drop(message: number): boolean;
  /** Delivers it once more after it was accepted. */
  duplicate(message: number): boolean;
  /** Sends no DSN when it gives up. */
  forgetDsn(message: number): boolean;
}

export interface FaultyMtaOptions {
  /** Where it takes mail in; port 0: a free one. */
  readonly listen: Endpoint;
  /** Where mail to a recipient's domain goes. */
  readonly route: (domain: string) => Endpoint;
  /** Where DSNs go. */
  readonly mailroom: Endpoint;
  readonly faults: Faults;
  /** Makes the pace of what goes to one endpoint from one source. */
  readonly pace: () => Pace;
  /** Attempts until it gives up. */
  readonly attempts: number;
  /** Most connections to one endpoint from one source. */
  readonly connections: number;
  /** Milliseconds that a connection rests after each delivery, so that the MTA has a pace of its own. Default: none. */
  readonly restMs?: number;
  /** Who gets no more mail; default: nobody is kept from it. */
  readonly list?: SuppressionList;
  /** Addresses to send from, in turn; undefined: whichever the system takes. */
  readonly sources?: readonly string[];
}

/** What an MTA that crashed finds of its queue when it is started again; what is not said is as it was. */
export interface Amnesia {
  /** So many of its oldest recipients are gone. */
  readonly forgets: number;
  /** So many that were delivered last are in it again. */
  readonly repeats: number;
}

/** Recipients, by what was done to them on purpose. */
export interface Misdeeds {
  dropped: number;
  /** Counted when the second copy was accepted. */
  duplicated: number;
  forgotten: number;
  /** In a crash. */
  readonly lost: QueuedRecipient[];
  /** Put into the queue again after a crash, although they were delivered. */
  readonly repeated: QueuedRecipient[];
}

/** A recipient in the queue. A DSN has the sender ''. */
interface Item extends QueuedRecipient {
  readonly message: number | undefined;
  readonly body: Buffer;
  readonly endpoint: Endpoint;
  readonly source: string | undefined;
  /** True for the second delivery of a recipient that was delivered. */
  readonly copy: boolean;
  attempts: number;
  /** An attempt ended without a reply, so that the ISP may have taken it or not. */
  unanswered: boolean;
}

/** What goes to one endpoint from one source, and how many connections are at work on it. */
interface Lane {
  readonly ready: Item[];
  readonly pace: Pace;
  working: number;
}

/** Whoever waits for a turn looks so often whether there is still something to do. */
const LOOK_MS = 50;

/** Starts it. Rejects with the system's error if the address or port can't be had. */
export async function startFaultyMta(options: FaultyMtaOptions): Promise<FaultyMta> {
  const mta = new FaultyMta(options);
  await mta.listen();
  return mta;
}

export class FaultyMta {
  readonly misdeeds: Misdeeds = { dropped: 0, duplicated: 0, forgotten: 0, lost: [], repeated: [] };
  /** What was delivered before it crashed, in order. */
  readonly #delivered: Item[] = [];
  /** Recipients tried again after an attempt that ended without a reply, as RFC 1047 says an MTA must. */
  readonly repeated = new Set<string>();
  readonly #options: FaultyMtaOptions;
  #server: SMTPServer | undefined;
  readonly #clients = new Set<Socket>();
  readonly #queue = new Set<Item>();
  readonly #lanes = new Map<string, Lane>();
  readonly #couriers = new Set<Courier>();
  readonly #retries = new Set<() => void>();
  /** Whom each message is for, where there is a list. */
  readonly #recipients = new Map<number, string>();
  #submission: Endpoint;
  #taken = 0;
  #stopped = false;
  /** It has crashed. */
  #down = false;

  constructor(options: FaultyMtaOptions) {
    this.#options = options;
    this.#submission = options.listen;
  }

  /** Where it takes mail in. */
  get submission(): Endpoint {
    return this.#submission;
  }

  /** For `startFaultyMta`. */
  async listen(): Promise<void> {
    const server = new SMTPServer({
      name: 'faulty.mta.test',
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      closeTimeout: 1,
      onRcptTo: ({ address }, session, callback) => {
        const { mailFrom } = session.envelope;
        const message = mailFrom === false ? undefined : messageOfSender(mailFrom.address);
        if (!this.#options.list?.refuses(message, address)) callback();
        else callback(Object.assign(new Error('5.7.1 suppressed'), { responseCode: 550 }));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', callback);
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const sender = mailFrom === false ? '' : mailFrom.address;
          const body = Buffer.concat(chunks);
          for (const { address } of rcptTo) this.#takeIn(sender, address, body);
          callback(null, 'queued');
        });
      },
    });
    // A client that goes away is no concern of an MTA.
    server.on('error', () => {});
    server.server.on('connection', (socket: Socket) => {
      this.#clients.add(socket);
      socket.once('close', () => this.#clients.delete(socket));
    });
    const { address, port } = this.#submission;
    server.listen(port, address);
    await once(server.server, 'listening');
    this.#server = server;
    this.#submission = { address, port: (server.server.address() as AddressInfo).port };
  }

  /** What is still to be delivered: mail that waits or is on its way, second copies and DSNs too. */
  listQueue(): QueuedRecipient[] {
    return [...this.#queue].map(({ sender, recipient }) => ({ sender, recipient }));
  }

  /** Stops at once. The queue stays as it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const closed = new Promise<void>((resolve) => (this.#server ? this.#server.close(resolve) : resolve()));
    for (const cancel of this.#retries) cancel();
    for (const courier of this.#couriers) courier.close();
    await closed;
  }

  /**
   * Is gone for its clients at once. What is under way to ISPs comes to its end, so that it is known what was delivered.
   * @returns what its queue holds then
   */
  async crash(): Promise<QueuedRecipient[]> {
    this.#down = true;
    for (const socket of this.#clients) socket.destroy();
    const closed = new Promise<void>((resolve) => (this.#server ? this.#server.close(resolve) : resolve()));
    for (const cancel of this.#retries) cancel();
    this.#retries.clear();
    while ([...this.#lanes.values()].some(({ working }) => working > 0)) await sleepMs(LOOK_MS);
    await closed;
    this.#server = undefined;
    return this.listQueue();
  }

  /** Comes back after a crash. */
  async restart({ forgets, repeats }: Amnesia): Promise<void> {
    const held = [...this.#queue];
    this.#queue.clear();
    this.#lanes.clear();
    this.#down = false;
    const mail = held.filter(({ message }) => message !== undefined);
    for (const { sender, recipient } of mail.slice(0, forgets))
      this.misdeeds.lost.push({ sender, recipient });
    for (const item of held) if (!mail.slice(0, forgets).includes(item)) this.#enqueue(item);
    for (const item of repeats === 0 ? [] : this.#delivered.slice(-repeats)) {
      const { sender, recipient } = item;
      this.misdeeds.repeated.push({ sender, recipient });
      this.#enqueue({ ...item, copy: true, attempts: 0, unanswered: false });
    }
    await this.listen();
  }

  #takeIn(sender: string, recipient: string, body: Buffer): void {
    const message = messageOfSender(sender);
    if (message !== undefined && this.#options.faults.drop(message)) {
      this.misdeeds.dropped++;
      return;
    }
    const { list } = this.#options;
    if (message === undefined)
      list?.read({ sender, recipient, text: body.toString('latin1') }, (about) =>
        this.#recipients.get(about),
      );
    else if (list) this.#recipients.set(message, recipient);
    if (list?.forgets(message, recipient)) return;
    const endpoint = this.#options.route(recipient.slice(recipient.lastIndexOf('@') + 1));
    const { sources = [] } = this.#options;
    const source = sources[this.#taken++ % sources.length];
    this.#enqueue({
      message,
      sender,
      recipient,
      body,
      endpoint,
      source,
      copy: false,
      attempts: 0,
      unanswered: false,
    });
  }

  #enqueue(item: Item): void {
    this.#queue.add(item);
    const key = `${item.endpoint.address} ${item.endpoint.port} ${item.source}`;
    const lane = this.#lanes.get(key) ?? { ready: [], pace: this.#options.pace(), working: 0 };
    this.#lanes.set(key, lane);
    lane.ready.push(item);
    if (lane.working < this.#options.connections) void this.#work(lane, item);
  }

  /** Delivers what is ready for an endpoint over one connection at a time, until there is no more. */
  async #work(lane: Lane, { endpoint, source }: Pick<Item, 'endpoint' | 'source'>): Promise<void> {
    lane.working++;
    let courier: Courier | undefined;
    while (lane.ready.length > 0 && !this.#stopped && !this.#down) {
      const wait = lane.pace.wait(monotonicMicros() / 1e3);
      if (wait > 0) {
        await sleepMs(Math.min(wait, LOOK_MS));
        continue;
      }
      const item = lane.ready.shift() as Item;
      if (!courier?.usable) {
        courier = new Courier(endpoint, source);
        this.#couriers.add(courier);
      }
      this.#options.list?.tried(item.message);
      const verdict = await courier.deliver(item.sender, item.recipient, item.body);
      if (!courier.usable) this.#couriers.delete(courier);
      if (!this.#stopped) this.#settle(item, verdict, lane.pace.heard(verdict, monotonicMicros() / 1e3));
      const { restMs } = this.#options;
      if (restMs !== undefined) await sleepMs(restMs);
    }
    lane.working--;
    if (courier) this.#couriers.delete(courier);
    courier?.quit();
  }

  #settle(item: Item, verdict: Verdict, retryMs: number): void {
    const { faults, attempts } = this.#options;
    item.attempts++;
    if (item.unanswered) this.repeated.add(`${item.sender} ${item.recipient}`);
    item.unanswered ||= verdict.kind === 'refused' && verdict.code === 0;
    if (verdict.kind === 'refused' && verdict.code < 500 && item.attempts < attempts) {
      if (this.#down) return;
      const cancel = after(retryMs, () => {
        this.#retries.delete(cancel);
        this.#enqueue(item);
      });
      this.#retries.add(cancel);
      return;
    }
    // What follows from an item enters the queue before the item leaves it, so that a queue that lists as empty is.
    if (verdict.kind === 'accepted') {
      if (!item.copy && item.message !== undefined && !this.#down) this.#delivered.push(item);
      if (item.copy) this.misdeeds.duplicated++;
      else if (item.message !== undefined && faults.duplicate(item.message))
        this.#enqueue({ ...item, copy: true, attempts: 0, unanswered: false });
    } else if (!item.copy && item.sender !== '') {
      if (verdict.kind === 'refused' && verdict.code >= 500)
        this.#options.list?.add(item.recipient, 'bounce');
      if (item.message !== undefined && faults.forgetDsn(item.message)) this.misdeeds.forgotten++;
      else this.#enqueue(notification(item, verdict, this.#options.mailroom));
    }
    this.#queue.delete(item);
  }
}

/** The DSN about a recipient that is given up (RFC 3464), as an item for the mailroom. */
function notification(item: Item, verdict: Verdict & { kind: 'refused' }, mailroom: Endpoint): Item {
  const text = verdict.text.replace(/\s+/g, ' ');
  const status =
    /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0].replace(/^4/, '5') ??
    (verdict.code < 500 ? '5.4.7' : '5.0.0');
  const [headers = ''] = item.body.toString('latin1').split('\r\n\r\n', 1);
  const boundary = 'faulty-mta';
  const lines = [
    'From: Mail Delivery System <mailer-daemon@faulty.mta.test>',
    `To: ${item.sender}`,
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${wallClock().toUTCString()}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    ...[
      '',
      `--${boundary}`,
      'Content-Type: text/plain',
      '',
      `Your mail to ${item.recipient} was not delivered.`,
    ],
    ...[
      '',
      `--${boundary}`,
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; faulty.mta.test',
      '',
    ],
    `Final-Recipient: rfc822; ${item.recipient}`,
    'Action: failed',
    `Status: ${status}`,
    `Diagnostic-Code: smtp; ${text}`,
    ...['', `--${boundary}`, 'Content-Type: text/rfc822-headers', '', headers, '', `--${boundary}--`, ''],
  ];
  return {
    message: undefined,
    sender: '',
    recipient: item.sender,
    body: Buffer.from(lines.join('\r\n'), 'latin1'),
    endpoint: mailroom,
    source: undefined,
    copy: false,
    attempts: 0,
    unanswered: false,
  };
}
