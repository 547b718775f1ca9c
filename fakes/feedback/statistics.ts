/**
 * What an ISP counts of its senders, by simulated day: plain data, which survives structured cloning. What several workers of
 * one ISP have counted adds up.
 */
import type { Micros } from '../../src/core/clock.ts';

/** Complaints and what they are a share of, over a day: of slots of equal length from the day's begin. */
export interface Course {
  readonly recipients: number[];
  readonly complaints: number[];
}

/** Mail of a domain: of its From field, or signed by it. */
export interface DomainTally {
  messages: number;
  /** Recipients that they were accepted for, and those of them that complaints are a share of. */
  accepted: number;
  recipients: number;
  /** Without those that were taken back. */
  complaints: number;
  traps: number;
  tls: number;
  /** Messages that were authenticated, and what they passed. */
  checked: number;
  spf: number;
  dkim: number;
  dmarc: number;
  /** Transactions of this envelope domain that were answered, and refusals among them by the index of their reply. */
  tried: number;
  readonly errors: Map<number, number>;
  /** Indexes of the sources that its accepted mail came from. */
  readonly sources: Set<number>;
  /** The ISP's number for the domain when it was last asked; undefined: it has none. */
  score: number | undefined;
  readonly course: Course;
}

/** Signed mail with an identifier in its Feedback-ID. */
export interface IdTally {
  readonly domain: string;
  readonly id: string;
  recipients: number;
  complaints: number;
  readonly course: Course;
}

/** What came from a source. Moments are on the sink's clock; undefined: nothing of that kind happened. */
export interface SourceTally {
  messages: number;
  accepted: number;
  complaints: number;
  traps: number;
  rcptCommands: number;
  dataCommands: number;
  /** Recipients of messages that came in whole, accepted or not. */
  messageRecipients: number;
  first: Micros | undefined;
  last: Micros | undefined;
  firstTrap: Micros | undefined;
  lastTrap: Micros | undefined;
  /** What it called itself, and an envelope sender: those of the first message. */
  helo: string | undefined;
  sender: string | undefined;
  score: number | undefined;
}

/** One simulated day at one ISP. */
export interface DayStatistics {
  /** 0 begins with the load. */
  readonly day: number;
  /** Length of the slots of every course. */
  slot: Micros;
  readonly domains: Map<string, DomainTally>;
  /** By domain and identifier. */
  readonly ids: Map<string, IdTally>;
  /** By the source's index. */
  readonly sources: Map<number, SourceTally>;
  /** Messages of domains and identifiers beyond those that there is room for. */
  beyond: number;
}

/** How many are told apart on one day. */
export const MOST_DOMAINS = 256;
export const MOST_IDS = 1024;

/** The first length of a slot; it doubles as a day grows long. */
const FIRST_SLOT: Micros = 1e6;
const MOST_SLOTS = 256;

/** A day on which nothing has happened yet. */
export function emptyDay(day: number): DayStatistics {
  return { day, slot: FIRST_SLOT, domains: new Map(), ids: new Map(), sources: new Map(), beyond: 0 };
}

/** A domain's tally on a day; undefined: there is no room for it. */
export function domainOn({ domains }: DayStatistics, domain: string): DomainTally | undefined {
  const known = domains.get(domain);
  if (known || domains.size >= MOST_DOMAINS) return known;
  const tally: DomainTally = {
    messages: 0,
    accepted: 0,
    recipients: 0,
    complaints: 0,
    traps: 0,
    tls: 0,
    checked: 0,
    spf: 0,
    dkim: 0,
    dmarc: 0,
    tried: 0,
    errors: new Map(),
    sources: new Set(),
    score: undefined,
    course: { recipients: [], complaints: [] },
  };
  domains.set(domain, tally);
  return tally;
}

/** An identifier's tally on a day; undefined: there is no room for it. */
export function idOn({ ids }: DayStatistics, domain: string, id: string): IdTally | undefined {
  const key = `${domain} ${id}`;
  const known = ids.get(key);
  if (known || ids.size >= MOST_IDS) return known;
  const tally: IdTally = {
    domain,
    id,
    recipients: 0,
    complaints: 0,
    course: { recipients: [], complaints: [] },
  };
  ids.set(key, tally);
  return tally;
}

/** A source's tally on a day. */
export function sourceOn({ sources }: DayStatistics, source: number): SourceTally {
  const known = sources.get(source);
  if (known) return known;
  const tally: SourceTally = {
    messages: 0,
    accepted: 0,
    complaints: 0,
    traps: 0,
    rcptCommands: 0,
    dataCommands: 0,
    messageRecipients: 0,
    first: undefined,
    last: undefined,
    firstTrap: undefined,
    lastTrap: undefined,
    helo: undefined,
    sender: undefined,
    score: undefined,
  };
  sources.set(source, tally);
  return tally;
}

/**
 * Adds to a course.
 * @param after time since the day's begin
 */
export function note(
  day: DayStatistics,
  course: Course,
  after: Micros,
  recipients: number,
  complaints: number,
): void {
  while (after >= day.slot * MOST_SLOTS) widen(day);
  const slot = Math.max(0, Math.floor(after / day.slot));
  addAt(course.recipients, slot, recipients);
  addAt(course.complaints, slot, complaints);
}

/** What several workers of one ISP have counted on the same day. The parts stay as they are. */
export function mergeDays(parts: readonly DayStatistics[]): DayStatistics {
  const sum = emptyDay(parts[0]?.day ?? 0);
  sum.slot = Math.max(FIRST_SLOT, ...parts.map(({ slot }) => slot));
  for (const part of parts) {
    const wider = sum.slot / part.slot;
    sum.beyond += part.beyond;
    for (const [name, tally] of part.domains) {
      const into = domainOn(sum, name);
      if (into) addDomain(into, tally, wider);
    }
    for (const { domain, id, recipients, complaints, course } of part.ids.values()) {
      const into = idOn(sum, domain, id);
      if (!into) continue;
      into.recipients += recipients;
      into.complaints += complaints;
      addCourse(into.course, course, wider);
    }
    for (const [source, tally] of part.sources) addSource(sourceOn(sum, source), tally);
  }
  return sum;
}

/** Doubles the length of a day's slots. */
function widen(day: DayStatistics): void {
  day.slot *= 2;
  for (const { course } of [...day.domains.values(), ...day.ids.values()]) {
    for (const counts of [course.recipients, course.complaints])
      counts.splice(0, counts.length, ...joined(counts, 2));
  }
}

function joined(counts: readonly number[], size: number): number[] {
  const wide: number[] = [];
  for (const [slot, count] of counts.entries()) addAt(wide, Math.floor(slot / size), count);
  return wide;
}

function addAt(counts: number[], slot: number, count: number): void {
  while (counts.length <= slot) counts.push(0);
  counts[slot] = (counts[slot] as number) + count;
}

function addDomain(sum: DomainTally, tally: DomainTally, wider: number): void {
  for (const name of DOMAIN_COUNTS) sum[name] += tally[name];
  for (const [reply, count] of tally.errors) sum.errors.set(reply, (sum.errors.get(reply) ?? 0) + count);
  for (const source of tally.sources) sum.sources.add(source);
  sum.score = tally.score ?? sum.score;
  addCourse(sum.course, tally.course, wider);
}

function addCourse(sum: Course, course: Course, wider: number): void {
  for (const name of ['recipients', 'complaints'] as const)
    for (const [slot, count] of joined(course[name], wider).entries()) addAt(sum[name], slot, count);
}

function addSource(sum: SourceTally, tally: SourceTally): void {
  for (const name of SOURCE_COUNTS) sum[name] += tally[name];
  sum.first = earliest(sum.first, tally.first);
  sum.firstTrap = earliest(sum.firstTrap, tally.firstTrap);
  sum.last = latest(sum.last, tally.last);
  sum.lastTrap = latest(sum.lastTrap, tally.lastTrap);
  sum.helo ??= tally.helo;
  sum.sender ??= tally.sender;
  sum.score = tally.score ?? sum.score;
}

const DOMAIN_COUNTS = [
  'messages',
  'accepted',
  'recipients',
  'complaints',
  'traps',
  'tls',
  'checked',
  'spf',
  'dkim',
  'dmarc',
  'tried',
] as const;

const SOURCE_COUNTS = [
  'messages',
  'accepted',
  'complaints',
  'traps',
  'rcptCommands',
  'dataCommands',
  'messageRecipients',
] as const;

/** The earlier of two moments, where there are two. */
export function earliest(a: Micros | undefined, b: Micros | undefined): Micros | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** The later of two moments, where there are two. */
export function latest(a: Micros | undefined, b: Micros | undefined): Micros | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
