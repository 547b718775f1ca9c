import { createPrng } from '../../src/core/prng.ts';
import {
  createMessages,
  type Message,
  type MessageFactory,
  type MessagePlan,
  type RunStamp,
} from '../../src/driver/message.ts';
import { createRecipients } from '../../src/driver/recipients.ts';
import { messagePlan, STAMP } from './message-plan.ts';

/** Makes messages of a plan for recipients at gmail.com, as a load would. */
export function messagesOf(
  changes: Partial<MessagePlan> = {},
  stamp: RunStamp = STAMP,
  seed = 1,
): Promise<MessageFactory> {
  const plan = messagePlan(changes);
  const recipients = createRecipients(
    {
      isps: [{ share: 1, domains: [{ name: 'gmail.com', weight: 1 }] }],
      perMessage: plan.recipients,
      ispPer: 'recipient',
      users: 1,
      firstMessage: 0,
      firstMailbox: 0,
      repeatAfter: undefined,
    },
    createPrng(seed),
  );
  return createMessages(plan, recipients, createPrng(seed), stamp);
}

/** A message as it goes over the wire, one character a byte. */
export function wireText({ head, body }: Message): string {
  return head + body.toString('latin1');
}

/** A message as its receiver keeps it: without dot-stuffing (RFC 5321 section 4.5.2). */
export function received(message: Message): Buffer {
  return Buffer.from(wireText(message).replace(/^\./gm, ''), 'latin1');
}
