/** Messages: header and content are prepared once; what differs from message to message is filled in. */
import { envelopeSender } from '../core/identity.ts';
import type { Prng } from '../core/prng.ts';
import { type Content, type ContentPlan, prepareContents } from './message/content.ts';
import {
  createSigner,
  type DkimKind,
  hashBody,
  type Signer,
  type SigningKey,
  withoutEmptyEnd,
} from './message/dkim.ts';
import { type Field, field, identityFields, unsubscribeFields } from './message/header.ts';
import { compile, concatenated, fill, literal, type Merge } from './message/placeholders.ts';
import { createSizes, largestSize, meanSize, type SizePlan } from './message/sizes.ts';
import { type Unsubscribe, valuesOf } from './message/values.ts';
import type { Recipients } from './recipients.ts';

/** What the messages of a load have in common. Texts may have placeholders. */
export interface MessagePlan {
  /** The load's name, for `{{load}}`. */
  readonly load: string;
  /** Not used where the content is files, which have their own. */
  readonly size: SizePlan;
  readonly content: ContentPlan;
  readonly recipients: number;
  /** Domains that mail is sent from, used in turn, and whether their mail may be signed. */
  readonly senders: readonly { readonly domain: string; readonly signed: boolean }[];
  /** The virtual MTAs, each once, for `{{vmta}}`. */
  readonly vmtas: readonly string[];
  /** Fields besides those that every message has. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly unsubscribe: Unsubscribe;
  readonly dkim: DkimKind | 'none';
}

/** The size of the plan's messages on average, in bytes. */
export function meanBytes({ content, size }: MessagePlan): number {
  if (content.kind !== 'eml') return meanSize(size);
  return content.files.reduce((sum, { text }) => sum + text.length, 0) / content.files.length;
}

/** What a run adds to its plan, in memory only: a private key has no place in the run's folder. */
export interface RunStamp {
  /** What Date fields say: when the run began, ISO 8601. */
  readonly date: string;
  readonly keys: readonly SigningKey[];
}

/** One message, ready for the wire: `head` and `body` follow each other, dot-stuffed, ending in CRLF. */
export interface Message {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The header and the personal part of the body, one character a byte (latin1). */
  readonly head: string;
  readonly body: Buffer;
  /** Whether there are bytes above 127 in it. */
  readonly eightBit: boolean;
}

/** One recipient of one of a load's messages. */
export interface Original {
  readonly message: number;
  readonly slot: number;
}

/**
 * Makes the message of a number. Any number can be asked for at any time and gives the same message.
 * @param original whose sender and content it has, and to whose recipient alone it goes; undefined: it is its own
 */
export type MessageFactory = (message: number, original?: Original) => Message;

/**
 * Prepares what messages have in common and returns the factory.
 * @throws Error if the plan asks for a signature and the stamp has no key of that kind
 */
export async function createMessages(
  plan: MessagePlan,
  recipients: Recipients,
  prng: Prng,
  stamp: RunStamp,
): Promise<MessageFactory> {
  const own = ownFields(plan, stamp);
  const key = stamp.keys.find(({ kind }) => kind === plan.dkim);
  if (plan.dkim !== 'none' && !key) throw new Error(`this run has no ${plan.dkim} key to sign with`);
  const largest = largestSize(plan.size);
  const contents = await prepareContents(
    plan.content,
    own.map(({ name }) => name),
  );
  const drafts = contents.map((content) => draft(own, content, largest, key));
  const sizes = createSizes(plan.size, prng);

  return (message, original) => {
    const like = original?.message ?? message;
    const { header, start, body, eightBit, unstuffed, signer } = drafts[like % drafts.length] as Draft;
    const { domain, signed } = plan.senders[like % plan.senders.length] as MessagePlan['senders'][number];
    const addresses: string[] = [];
    if (original) addresses.push(recipients.address(like, original.slot));
    else for (let slot = 0; slot < plan.recipients; slot++) addresses.push(recipients.address(message, slot));
    const values = valuesOf(plan, message, like, domain, addresses);
    const top = `${fill(header, values)}\r\n`;
    const personal = fill(start, values);
    const signing = signed ? signer : undefined;
    const room = sizes(like) - top.length - personal.length - (signing?.length(domain) ?? 0);
    const lines = linesFor(body, room);
    const rest = lastLines(body, lines);
    const signature = signing
      ? signing.sign(
          values,
          unstuffed.hash ?? hashBody([fill(unstuffed.start, values), lastLines(unstuffed.body, lines)]),
        )
      : '';
    return {
      sender: envelopeSender(message, domain),
      recipients: addresses,
      head: signature + top + personal,
      body: rest,
      eightBit,
    };
  };
}

/** The header fields of a load's messages, without those that belong to their content. */
export function ownFields(
  { headers, unsubscribe }: Pick<MessagePlan, 'headers' | 'unsubscribe'>,
  { date }: Pick<RunStamp, 'date'>,
): Field[] {
  return [
    ...identityFields(new Date(date)),
    ...headers.map(({ name, value }) => field(name, value)),
    ...unsubscribeFields(unsubscribe),
  ];
}

/** What follows the personal part: filler lines, of which as many are taken as the size wants, and the end. */
interface Rest {
  readonly bytes: Buffer;
  readonly endBytes: number;
  readonly lineBytes: number;
}

/** A message with everything prepared that can be. */
interface Draft {
  readonly header: Merge;
  readonly start: Merge;
  readonly body: Rest;
  /** Files may have such bytes; all else, values too, is ASCII or encoded. */
  readonly eightBit: boolean;
  /** The body as a signature sees it; its hash where no message differs. */
  readonly unstuffed: { readonly start: Merge; readonly body: Rest; readonly hash: string | undefined };
  readonly signer: Signer | undefined;
}

function draft(own: readonly Field[], content: Content, largest: number, key: SigningKey | undefined): Draft {
  const fields = [...own, ...content.fields];
  const { start, end, filler } = content;
  const plain = restOf(filler, end, largest);
  const wireEnd = stuffed(end);
  return {
    header: concatenated(
      fields.map(({ text, merged }) => (merged ? compile(`${text}\r\n`) : literal(`${text}\r\n`))),
    ),
    start: compile(stuffed(start)),
    body: wireEnd === end ? plain : restOf(filler, wireEnd, largest),
    eightBit: [start, end, filler, ...fields.map(({ text }) => text)].some((text) =>
      /[\x80-\xff]/.test(text),
    ),
    unstuffed: {
      start: compile(start),
      body: plain,
      hash: filler === '' ? hashBody([withoutEmptyEnd(end)]) : undefined,
    },
    signer: key && createSigner(key, fields),
  };
}

function restOf(filler: string, end: string, largest: number): Rest {
  const lines = filler === '' ? 0 : Math.max(1, Math.ceil(largest / filler.length));
  return {
    bytes: Buffer.from(filler.repeat(lines) + end, 'latin1'),
    endBytes: end.length,
    lineBytes: filler.length,
  };
}

/** How many filler lines fit, at least one where there are any. */
function linesFor({ endBytes, lineBytes }: Rest, room: number): number {
  return lineBytes === 0 ? 0 : Math.max(1, Math.floor((room - endBytes) / lineBytes));
}

function lastLines({ bytes, endBytes, lineBytes }: Rest, lines: number): Buffer {
  return bytes.subarray(bytes.length - endBytes - lines * lineBytes);
}

/** Doubles a dot at the start of a line (RFC 5321 section 4.5.2). */
function stuffed(text: string): string {
  return text.replace(/^\./gm, '..');
}
