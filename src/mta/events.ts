import type { MtaEvent } from './adapter.ts';

/**
 * What a complaint report's feedback type means (RFC 5965, RFC 6430); JMRP has none. Undefined: no recipient has said anything,
 * as where authentication failed (RFC 6591).
 */
export function complaintKind(
  feedbackType: string | undefined | null,
): 'complaint' | 'withdrawal' | undefined {
  const type = feedbackType?.toLowerCase();
  if (type === 'auth-failure') return undefined;
  return type === 'not-spam' ? 'withdrawal' : 'complaint';
}

/** What a line of a log tells that should say what became of a recipient, and is torn. */
export const UNREADABLE: MtaEvent = {
  kind: 'unreadable',
  atMs: undefined,
  sender: undefined,
  recipient: '',
  source: undefined,
  code: undefined,
  text: undefined,
};
