import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_HEADER } from '../../core/identity.ts';
import type { MtaEvent } from '../adapter.ts';
import { complaintKind } from '../events.ts';
import { type AccountingRecord, readAccounting } from './accounting.ts';
import { ACCOUNTING_FOLDER } from './reports.ts';

/** The column of complaint reports with the message's number, in small letters. */
const MESSAGE_FIELD = `header_${MESSAGE_HEADER}`.toLowerCase();

/** What PowerMTA says that it did, from its accounting files in its folder; nothing if there are none. */
export async function* events(folder: string): AsyncGenerator<MtaEvent> {
  const accounting = join(folder, ACCOUNTING_FOLDER);
  const names = await readdir(accounting).catch(() => []);
  // acct-2026-11-28-0000.csv: by day and number.
  for (const name of names.filter((each) => each.endsWith('.csv')).sort()) {
    for await (const record of readAccounting(join(accounting, name))) {
      const event = eventOf(record);
      if (event) yield event;
    }
  }
}

/** What a record says of one recipient; undefined for records of queues, and for reports that decide nothing. */
export function eventOf(record: AccountingRecord): MtaEvent | undefined {
  const kind = kindOf(record);
  if (kind === undefined) return undefined;
  if (record.type === 'f' || record.type === 'rb') return returnedEvent(kind, record);
  if (record.recipient === undefined) return undefined;
  return {
    kind,
    atMs: record.loggedMs,
    sender: record.sender,
    recipient: record.recipient,
    source: record.sourceIp ?? record.vmta,
    code: record.reply?.code,
    text: record.reply?.text,
  };
}

/** What a record says of a report that came back; the recipient may be hidden, and the sender with it. */
function returnedEvent(kind: MtaEvent['kind'], record: AccountingRecord): MtaEvent {
  const header = Object.keys(record.fields).find((name) => name.toLowerCase() === MESSAGE_FIELD);
  const number = /^\d{1,10}$/.exec((header && record.fields[header])?.trim() ?? '');
  return {
    kind,
    atMs: record.loggedMs,
    sender: record.sender || undefined,
    recipient: record.recipient ?? '',
    ...(number && { message: Number(number[0]) }),
    source: undefined,
    code: record.reply?.code,
    text: record.reply?.text,
  };
}

function kindOf({
  type,
  status,
  bounceCategory,
  feedbackType,
}: AccountingRecord): MtaEvent['kind'] | undefined {
  switch (type) {
    case 'r':
      return 'received';
    case 'd':
      return 'delivered';
    case 't':
      return 'deferred';
    case 'b':
      // 4.7: the time for delivery is up (RFC 3463 section 3.5).
      return bounceCategory === 'message-expired' || status?.endsWith('.4.7') ? 'expired' : 'bounced';
    case 'f':
      return complaintKind(feedbackType);
    case 'rb':
      return 'remote-bounce';
    default:
      return undefined;
  }
}
