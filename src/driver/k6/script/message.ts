/**
 * The messages of a load, made where k6 runs the script: what the SMTP driver sends (driver/message.ts), byte for byte but
 * for the dot-stuffing, which is of SMTP.
 */
import type { Chance } from '../../../core/chance.ts';
import type { HttpMessage } from '../../../core/http-injection.ts';
import { envelopeSender } from '../../../core/identity.ts';
import { compile, concatenated, fill, literal, type Merge } from '../../message/placeholders.ts';
import { createSizes } from '../../message/sizes.ts';
import { valuesOf } from '../../message/values.ts';
import { createRecipients } from '../../recipients.ts';
import type { ScriptDraft, ScriptLoad } from '../script-plan.ts';

/** Whom the messages of a load are from and to, and what they are, each by its number. */
export interface ScriptFactory {
  /** The domain that the message is sent from. */
  senderDomain(message: number): string;
  recipients(message: number): string[];
  message(message: number): HttpMessage;
}

/** Prepares what messages have in common and returns the factory. Any number can be asked for at any time. */
export function createScriptMessages(
  load: Pick<ScriptLoad, 'messages' | 'recipients'>,
  chance: Chance,
): ScriptFactory {
  const plan = load.messages;
  const mailboxes = createRecipients(load.recipients, chance);
  const sizes = createSizes(plan.size, chance);
  const drafts = plan.drafts.map(prepared);
  const values = { load: plan.load, vmtas: plan.vmtas, unsubscribe: plan.unsubscribe, dkim: 'none' };

  function senderDomain(message: number): string {
    return plan.senders[message % plan.senders.length] as string;
  }
  function recipients(message: number): string[] {
    const addresses: string[] = [];
    for (let slot = 0; slot < plan.recipients; slot++) addresses.push(mailboxes.address(message, slot));
    return addresses;
  }
  return {
    senderDomain,
    recipients,
    message(message) {
      const draft = drafts[message % drafts.length] as Prepared;
      const domain = senderDomain(message);
      const addresses = recipients(message);
      const filled = valuesOf(values, message, message, domain, addresses);
      const top = `${fill(draft.header, filled)}\r\n`;
      const personal = fill(draft.start, filled);
      // The size is that of the message on its way by SMTP, so that both engines send the same.
      const room = sizes(message) - top.length - fill(draft.stuffedStart, filled).length - draft.stuffedEnd;
      const lines = draft.filler === '' ? 0 : Math.max(1, Math.floor(room / draft.filler.length));
      return {
        sender: envelopeSender(message, domain),
        recipients: addresses,
        content: top + personal + draft.filler.repeat(lines) + draft.end,
      };
    },
  };
}

/** A draft with everything prepared that can be. */
interface Prepared {
  readonly header: Merge;
  readonly start: Merge;
  readonly stuffedStart: Merge;
  readonly filler: string;
  readonly end: string;
  /** Bytes of `end` with dot-stuffing. */
  readonly stuffedEnd: number;
}

function prepared({ header, start, filler, end }: ScriptDraft): Prepared {
  return {
    header: concatenated(
      header.map(({ text, merged }) => (merged ? compile(`${text}\r\n`) : literal(`${text}\r\n`))),
    ),
    start: compile(start),
    stuffedStart: compile(stuffed(start)),
    filler,
    end,
    stuffedEnd: stuffed(end).length,
  };
}

/** As driver/message.ts does it (RFC 5321 section 4.5.2). */
function stuffed(text: string): string {
  return text.replace(/^\./gm, '..');
}
