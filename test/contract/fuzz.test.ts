/**
 * Random conversations with every ISP: nothing crashes, nothing stays open, every sum balances, and what is accepted is
 * exactly what an independent reading of the conversation says (support/smtp-oracle.ts). WINDTUNNEL_FUZZ=200000 sets
 * how many; each has a seed of its own, which a failure names.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IspSession } from '../../fakes/isp/isp-session.ts';
import { Receiver } from '../../fakes/isp/receiver.ts';
import { createRenderer } from '../../fakes/isp/render.ts';
import type { ResolvedIsp } from '../../fakes/isp/resolve.ts';
import { resolveIsp } from '../../fakes/isp/resolve.ts';
import type { IspObserver, Session } from '../../fakes/isp/session.ts';
import { type Sink, startSink } from '../../fakes/isp/sink.ts';
import type { Wire } from '../../fakes/isp/speaker.ts';
import { createState } from '../../fakes/isp/state.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { createPrng } from '../../src/core/prng.ts';
import { CONTRACT_ISPS, type ContractIsp, contractProfile } from '../support/isp-for-contract.ts';
import { SmtpClient } from '../support/smtp-client.ts';
import { type Dialogue, randomDialogue } from '../support/smtp-fuzz.ts';
import { type Expected, expectedOf, type OracleRules } from '../support/smtp-oracle.ts';
import { until } from '../support/until.ts';

const DIALOGUES = Number(process.env.WINDTUNNEL_FUZZ ?? 5000);
const OVER_SOCKETS = Math.min(400, DIALOGUES);

const prng = createPrng(2026);

/** An ISP that speaks as it does and takes every address, however often. */
function openHanded(name: ContractIsp): ResolvedIsp {
  const plain = { ...resolveIsp(contractProfile('generic'), { scale: 1 }), limits: [], mailboxes: [] };
  const { id, mta, wrap, replies, answers, errors, rules } = resolveIsp(contractProfile(name), { scale: 1 });
  const extensions = rules.extensions.filter((keyword) => keyword !== 'STARTTLS');
  return {
    ...plain,
    id,
    mta,
    wrap,
    replies,
    answers,
    errors,
    rules: { ...rules, extensions, size: 100_000 },
  };
}

function oracleRules({ rules, errors, replies }: ResolvedIsp): OracleRules {
  const closes = (reply: number | undefined): boolean => replies[reply ?? -1]?.closes === true;
  return {
    offers: new Set(rules.extensions),
    commandLine: rules.commandLine,
    textLine: rules.textLine ?? Number.POSITIVE_INFINITY,
    size: rules.size ?? Number.POSITIVE_INFINITY,
    unknown: rules.unknown ?? Number.POSITIVE_INFINITY,
    closes: { badHello: closes(errors['bad-hello']), longCommand: closes(errors['long-command']) },
  };
}

/** Sums up what an observer sees, and checks that it balances whenever a transaction or a connection ends. */
class Books implements IspObserver {
  opened = 0;
  closed = 0;
  transactions = 0;
  accepted: number[] = [];
  #attempts = 0;

  connectionOpened(): void {
    this.opened++;
  }
  replyLost(): void {}

  connectionClosed(e: { transactions: number }): void {
    this.closed++;
    assert.equal(e.transactions, this.transactions);
    assert.equal(this.#attempts, 0, 'an attempt without a transaction');
  }
  attempt(): void {
    this.#attempts++;
  }
  transaction({ outcome, recipients, bytes }: Parameters<IspObserver['transaction']>[0]): void {
    this.transactions++;
    const unnamed = recipients === 0 && outcome !== 'abandoned' ? 1 : 0;
    assert.equal(this.#attempts, recipients + unnamed, 'each recipient has one attempt');
    this.#attempts = 0;
    if (outcome === 'accepted' || outcome === 'partial') this.accepted.push(bytes);
  }
}

/** A wire that stays in memory. Now and then its client does not read. */
class MemoryWire implements Wire {
  readonly reaches = true;
  said = '';
  ended = false;
  blocked = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }
  write(text: string): boolean {
    assert.ok(!this.ended, 'nothing is said after the end');
    this.said += text;
    this.blocked = this.#random() < 0.1;
    return !this.blocked;
  }
  later(act: () => void): void {
    act();
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.ended = true;
  }
  reset(): void {
    this.ended = true;
  }
  destroy(): void {
    this.ended = true;
  }
  secure(): void {
    assert.fail('STARTTLS was not offered');
  }
}

/** Holds the books against what should be in them. */
function audit(books: Books, expected: Expected): void {
  assert.deepEqual(books.accepted, expected.accepted);
  assert.equal(books.transactions, expected.transactions);
  assert.deepEqual([books.opened, books.closed], [1, 1]);
}

function converse(isp: ResolvedIsp, dialogue: Dialogue, random: () => number): void {
  const books = new Books();
  const open = new Set<Session>();
  const session = new IspSession(
    {
      isp,
      state: createState(isp),
      clock: new VirtualClock(),
      prng,
      observer: books,
      render: createRenderer(isp, prng, () => new Date(0), new Set(['STARTTLS'])),
      open,
    },
    { connection: 0, address: '192.0.2.1', source: 0, client: '192.0.2.1', netblock: '192.0.2' },
  );
  const wire = new MemoryWire(random);
  const receiver = new Receiver(session, wire, isp.rules);
  const unblock = (): void => {
    while (wire.blocked) {
      wire.blocked = false;
      receiver.drained();
    }
  };
  receiver.open();
  for (const packet of dialogue.packets) {
    unblock();
    const bytes = Buffer.from(packet, 'latin1');
    receiver.receive(bytes);
    // The next read goes to the same place.
    bytes.fill(0);
  }
  unblock();
  if (dialogue.end === 'fin') receiver.ended();
  if (dialogue.end === 'stop') session.onClose(true);
  if (dialogue.end === 'timeout') receiver.timedOut();
  unblock();
  receiver.gone();
  assert.equal(open.size, 0, 'no session stays open');
  for (const line of wire.said.split('\r\n').slice(0, -1))
    assert.match(line, /^[2-5]\d\d(?:[ -]|$)[^\r\n]*$/);
  assert.ok(wire.said === '' || wire.said.endsWith('\r\n'));
  const expected = expectedOf(dialogue.packets.join(''), oracleRules(isp));
  audit(books, expected);
  if (expected.ended || dialogue.end === 'fin' || dialogue.end === 'timeout') assert.ok(wire.ended);
}

for (const name of CONTRACT_ISPS) {
  const isp = openHanded(name);

  test(`${name}: ${DIALOGUES / 4} random conversations in memory`, () => {
    for (let n = 0; n < DIALOGUES / 4; n++) {
      const random = prng.stream(`fuzz/${name}/${n}`);
      const dialogue = randomDialogue(random);
      try {
        converse(isp, dialogue, random);
      } catch (error) {
        throw new Error(`conversation ${n}: ${JSON.stringify(dialogue)}`, { cause: error });
      }
    }
  });

  test(`${name}: ${OVER_SOCKETS / 4} of them over sockets`, async () => {
    for (let n = 0; n < OVER_SOCKETS / 4; n++) {
      const dialogue = randomDialogue(prng.stream(`fuzz/${name}/${n}`));
      const books = new Books();
      const sink = await startSink({
        isp,
        listen: [{ address: '127.0.0.1', port: 0 }],
        clock: new VirtualClock(),
        prng,
        observer: books,
        sourceOf: () => 0,
      });
      try {
        await overSocket(sink, dialogue);
        audit(books, expectedOf(dialogue.packets.join(''), oracleRules(isp)));
      } catch (error) {
        throw new Error(`conversation ${n}: ${JSON.stringify(dialogue)}`, { cause: error });
      } finally {
        await sink.stop();
      }
    }
  });
}

async function overSocket(sink: Sink, { packets }: Dialogue): Promise<void> {
  const client = new SmtpClient(sink.addresses[0] as { address: string; port: number });
  for (const packet of packets) {
    client.write(packet);
    if (packets.length < 20) await new Promise((resolve) => setImmediate(resolve));
  }
  client.end();
  await client.closed();
  await until(() => sink.openConnections() === 0);
}
