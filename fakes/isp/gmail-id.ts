/** Gmail's transaction ids: 41be03b00d2f7-cc4c687ec03si136868a12.335 */

const DIGITS = Buffer.from('0123456789abcdef');
const DASH = 0x2d;

/**
 * Where an id is put together. Strings that are added up are copied again by each of a transaction's replies, which all
 * hold it.
 */
const ID = Buffer.from('_____________-___________si______a__.___');

/** The id that three 32-bit numbers make. */
export function gmailId(a: number, b: number, c: number): string {
  putHex(0, a);
  // A dash comes after the thirteenth digit.
  putHex(9, b);
  ID.copyWithin(8, 9, 14);
  ID[13] = DASH;
  // Unsigned, so that the remainders are those of whole numbers and not of floating-point ones.
  const number = c >>> 0;
  putHex(17, number);
  putDecimal(27, 6, 100_000 + (number % 900_000));
  putDecimal(34, 2, 10 + (number % 90));
  const last = (number >>> 8) % 1000;
  const length = last < 10 ? 1 : last < 100 ? 2 : 3;
  putDecimal(37, length, last);
  return ID.toString('latin1', 0, 37 + length);
}

function putHex(at: number, number: number): void {
  for (let i = 0; i < 8; i++) ID[at + i] = DIGITS[(number >>> (28 - 4 * i)) & 15] as number;
}

function putDecimal(at: number, length: number, number: number): void {
  let left = number;
  for (let i = at + length - 1; i >= at; i--) {
    ID[i] = DIGITS[left % 10] as number;
    left = Math.floor(left / 10);
  }
}
