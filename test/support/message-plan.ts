import type { MessagePlan, RunStamp } from '../../src/driver/message.ts';

/** Messages of plain text and of any size in a range, unsigned, unless a test changes that. */
export function messagePlan(changes: Partial<MessagePlan> = {}): MessagePlan {
  return {
    load: 'load',
    size: { kind: 'uniform', min: 2000, max: 2000 },
    content: { kind: 'text', text: 'News.' },
    recipients: 1,
    senders: [{ domain: 'news.sender.test', signed: true }],
    vmtas: ['vmta1'],
    headers: [{ name: 'Subject', value: 'windtunnel message {{message}}' }],
    unsubscribe: 'none',
    dkim: 'none',
    ...changes,
  };
}

/** A run without keys. */
export const STAMP: RunStamp = { date: '2026-11-23T10:00:00.000Z', keys: [] };
