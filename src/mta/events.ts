import type { MtaEvent } from './adapter.ts';

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
