/** From what an ISP observes to the records of a run. */
import type { IspObserver } from '../../../fakes/isp/session.ts';
import { messageOfSender, recipientOf } from '../../core/identity.ts';
import { NONE16, NONE32, type Packer } from '../../record/attempt-log.ts';

/**
 * Packs what an ISP observes, with message and slot found in the addresses.
 * @param isp the ISP's index
 * @param replyOffset where the ISP's replies begin in the run's list of all replies
 */
export function recordingObserver(events: Packer, isp: number, replyOffset: number): IspObserver {
  const global = (reply: number | undefined): number => (reply === undefined ? NONE16 : reply + replyOffset);
  return {
    connectionOpened: ({ at, source, connection, reply }) =>
      events.connectionOpened({ at, isp, source, connection, reply: global(reply) }),
    connectionClosed: ({ at, source, connection, transactions, reply }) =>
      events.connectionClosed({ at, isp, source, connection, transactions, reply: global(reply) }),
    attempt({ at, source, connection, sender, recipient, headerMessage, stage, outcome, reply }) {
      const inEnvelope = messageOfSender(sender);
      const inHeader = numberIn(headerMessage);
      events.attempt({
        at,
        isp,
        source,
        connection,
        message: inEnvelope ?? inHeader ?? NONE32,
        slot: recipient === undefined ? NONE16 : slotOf(recipient),
        reply: global(reply),
        stage,
        outcome,
        mismatched: inEnvelope !== undefined && inHeader !== undefined && inEnvelope !== inHeader,
      });
    },
    replyLost: ({ at, source, connection, sender, recipient, headerMessage }) =>
      events.replyLost({
        at,
        isp,
        source,
        connection,
        message: messageOfSender(sender) ?? numberIn(headerMessage) ?? NONE32,
        slot: slotOf(recipient),
      }),
    transaction: ({ at, source, connection, sender, stage, outcome, recipients, bytes, reply }) =>
      events.transaction({
        at,
        isp,
        source,
        connection,
        message: messageOfSender(sender) ?? NONE32,
        reply: global(reply),
        stage,
        outcome,
        recipients,
        bytes,
      }),
  };
}

function numberIn(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

/** A recipient's slot; one that no message has, if the address is not of the run. */
function slotOf(address: string): number {
  return recipientOf(address)?.slot ?? NONE16 - 1;
}
