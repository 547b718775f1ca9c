/** From what the MTA's queue lists at the end of a run to records. */
import type { Micros } from '../../core/clock.ts';
import { messageOfSender, recipientOf } from '../../core/identity.ts';
import type { QueuedRecipient } from '../../mta/adapter.ts';
import { NONE16, type Packer } from '../../record/attempt-log.ts';

/**
 * Packs a pending record for each recipient of ours, with message and slot found in the addresses. Mail to the envelope
 * sender of a message is a report about it that did not get out (RFC 3464): whoever it is about is not gone without a
 * word. What else is queued is left out.
 */
export function recordQueue(events: Packer, at: Micros, queued: readonly QueuedRecipient[]): void {
  for (const { sender, recipient } of queued) {
    const message = messageOfSender(sender);
    const slot = recipientOf(recipient)?.slot;
    const reported = messageOfSender(recipient);
    if (message !== undefined && slot !== undefined) events.pending({ at, message, slot });
    else if (reported !== undefined)
      events.pending({ at, message: reported, slot: NONE16, queued: 'report' });
  }
}
