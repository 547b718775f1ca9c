/**
 * A part of a test (k6 documentation, "Options reference": execution-segment, execution-segment-sequence): each process
 * works out its own share of users and iterations, so that over all segments each is there once. Here all segments of a
 * sequence are equally long; others are refused.
 */
import { EXIT, K6Error } from './trouble.ts';

/** Segment `index` of `of` equal ones. */
export interface Segment {
  readonly index: number;
  readonly of: number;
}

/** Reads both flags. Without a sequence k6 completes it with what is before and behind the segment. */
export function readSegment(segment: string | undefined, sequence: string | undefined): Segment {
  if (segment === undefined && sequence === undefined) return { index: 0, of: 1 };
  const [from = 0, to = 1] =
    segment === undefined ? [] : segment.includes(':') ? segment.split(':').map(ratio) : [0, ratio(segment)];
  if (!(from >= 0 && from < to && to <= 1)) throw refused(`segment ${segment} is not within 0:1`);
  const marks = sequence === undefined ? [0, from, to, 1] : sequence.split(',').map(ratio);
  const bounds = [...new Set(marks)];
  if (bounds.some((bound, at) => at > 0 && bound <= (bounds[at - 1] as number)))
    throw refused(`sequence ${sequence} does not rise`);
  const index = bounds.findIndex((bound) => same(bound, from));
  if (index < 0 || !same(bounds[index + 1] ?? Number.NaN, to))
    throw refused(`couldn't find segment ${segment} in the sequence ${sequence}`);
  const of = bounds.length - 1;
  if (bounds.some((bound, at) => !same(bound, at / of)))
    throw refused('the stand-in for k6 only has sequences of equally long segments');
  return { index, of };
}

/** How many of `count` users are this segment's: users go round the segments. */
export function usersOf({ index, of }: Segment, count: number): number {
  return Math.floor(count / of) + (count % of > index ? 1 : 0);
}

/**
 * The numbers of this segment, ascending, where work goes with the users: of every `users` numbers each segment has as
 * many as it has users. So a segment without users has none.
 */
export function* numbersOf({ index, of }: Segment, users: number): Generator<number> {
  if (usersOf({ index, of }, users) === 0) return;
  for (let n = 0; ; n++) if ((n % users) % of === index) yield n;
}

/** The numbers of this segment where its users have nothing to do with it. */
export function* stripeOf({ index, of }: Segment): Generator<number> {
  for (let n = index; ; n += of) yield n;
}

function ratio(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:\/(\d+)|(%))?$/.exec(text);
  if (!match) throw refused(`'${text}' is not a valid percentage, decimal, fraction or interval value`);
  return Number(match[1]) / (match[2] !== undefined ? Number(match[2]) : match[3] ? 100 : 1);
}

function same(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

function refused(message: string): K6Error {
  return new K6Error(EXIT.config, message);
}
