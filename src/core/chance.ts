/**
 * Chance that is keyed, not drawn in sequence: a pure function of a key and of what is decided. It imports nothing, so that
 * it also runs where there is no Node (driver/k6).
 */

/**
 * What a keyed decision is about. Each purpose has its own number, so that a decision that is added later never
 * shifts another. Append only.
 */
export const Purpose = {
  ispOfRecipient: 1,
  domainOfRecipient: 2,
  mailboxFate: 3,
  messageSize: 4,
  mxChoice: 5,
  faultyMta: 6,
  sourceOfMessage: 7,
  authenticationSample: 8,
  disturbance: 9,
  replyId: 10,
  latency: 11,
  complaint: 12,
  withdrawal: 13,
  bounceLater: 14,
  autoReply: 15,
  challenge: 16,
  malformedReport: 17,
  unsubscribe: 18,
  trap: 19,
  feedbackDelay: 20,
  recipientGroup: 21,
  feedbackForm: 22,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** Chance that depends on a key and its arguments alone, never on the order of the questions. */
export interface Chance {
  /** A number in [0, 1) for these integers (taken modulo 2^32). */
  chance(purpose: Purpose, a: number, b?: number): number;
}

/** The 64 bits that a run's seed was expanded to. */
export type ChanceKey = readonly [number, number];

/** The chance of a key. */
export function keyedChance([k0, k1]: ChanceKey): Chance {
  return { chance: (purpose, a, b = 0) => halfSip3(k0, k1, purpose, a, b) / 2 ** 32 };
}

/** A 32-bit number that stands for a text, under a key. */
export function keyedHash([k0, k1]: ChanceKey, text: string): number {
  return halfSipText(k0, k1, text);
}

// --- HalfSipHash-2-4 (Aumasson, Bernstein; 64-bit key, 32-bit words, 32-bit tag) ---
// Written out for three words and for text: a call allocates nothing.

let v0 = 0;
let v1 = 0;
let v2 = 0;
let v3 = 0;

function start(k0: number, k1: number): void {
  v0 = k0;
  v1 = k1;
  v2 = 0x6c796765 ^ k0;
  v3 = 0x74656462 ^ k1;
}

function rounds(n: number): void {
  for (let i = 0; i < n; i++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
}

function word(m: number): void {
  v3 ^= m;
  rounds(2);
  v0 ^= m;
}

function finish(length: number): number {
  word(length << 24);
  v2 ^= 0xff;
  rounds(4);
  return (v1 ^ v3) >>> 0;
}

function halfSip3(k0: number, k1: number, a: number, b: number, c: number): number {
  start(k0, k1);
  word(a | 0);
  word(b | 0);
  word(c | 0);
  return finish(12);
}

function halfSipText(k0: number, k1: number, text: string): number {
  start(k0, k1);
  // Two UTF-16 units a word; the length in the last word keeps texts of odd and even length apart.
  for (let i = 0; i < text.length; i += 2) {
    word(text.charCodeAt(i) | ((i + 1 < text.length ? text.charCodeAt(i + 1) : 0) << 16));
  }
  return finish(text.length);
}
