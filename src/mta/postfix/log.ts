/**
 * Postfix's log (maillog_file). What became of a recipient is a line of a delivery agent, in key=value fields that come and
 * go with versions and settings; whose message it was, and that it expired, are lines of qmgr by the same queue id.
 */
import type { MtaEvent } from '../adapter.ts';
import { UNREADABLE } from '../events.ts';

/** `Nov 28 13:33:58 host postfix/vmta1/smtp[123]: 4F1A2: rest` */
const LINE =
  /^(?<month>\w{3}) +(?<day>\d+) (?<time>\d\d:\d\d:\d\d) \S+ postfix\/(?:(?<vmta>[^/[]+)\/)?(?<program>[^/[]+)\[\d+\]: (?<id>[0-9A-Za-z]{6,}): (?<rest>.*)$/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `to=<a@b>, …, status=sent (words)`; an address in the local part's quotes may hold anything but `>,`. */
const FATE = /^to=<(?<to>.*?)>, .*?\bstatus=(?<status>\w+)(?: \((?<words>.*)\))?$/;

const KINDS: Readonly<Record<string, MtaEvent['kind']>> = {
  sent: 'delivered',
  deferred: 'deferred',
  bounced: 'bounced',
};

/** The ISP's own words in Postfix's: all of them for a delivery, or those after what Postfix says of them. */
const SAID = /(?:^| said: | refused to talk to me: )(?<code>[245]\d\d)[ -]/;

interface Message {
  readonly sender: string;
  /** Recipients that were deferred and have not come to an end, with the last that was said of each. */
  readonly open: Map<string, MtaEvent>;
}

/** Reads a log from its begin, line by line. */
export class LogReader {
  readonly #lastMonth: number;
  readonly #year: number;
  readonly #messages = new Map<string, Message>();

  /** @param written when the log was written last: its lines don't tell the year. */
  constructor(written: Date) {
    this.#year = written.getUTCFullYear();
    this.#lastMonth = written.getUTCMonth();
  }

  /** What a line tells; nothing, if it is of something else. */
  read(line: string): MtaEvent[] {
    const { month = '', day, time, vmta, program, id = '', rest = '' } = LINE.exec(line)?.groups ?? {};
    if (program === 'qmgr') return this.#manage(id, rest, this.#timeOf(month, day, time));
    if (!rest.startsWith('to=<')) return [];
    const fate = FATE.exec(rest)?.groups;
    if (!fate) return [UNREADABLE];
    const { to = '', status = '', words } = fate;
    const kind = KINDS[status];
    if (kind === undefined) return [];
    const message = this.#messages.get(id);
    const code = SAID.exec(words ?? '')?.groups?.code;
    const event: MtaEvent = {
      kind,
      atMs: this.#timeOf(month, day, time),
      sender: message?.sender,
      recipient: to,
      source: vmta,
      code: code === undefined ? undefined : Number(code),
      text: words,
    };
    if (kind === 'deferred') message?.open.set(to, event);
    else message?.open.delete(to);
    return [event];
  }

  #manage(id: string, rest: string, atMs: number | undefined): MtaEvent[] {
    if (rest === 'removed') {
      this.#messages.delete(id);
      return [];
    }
    const { sender, more = '' } = /^from=<(?<sender>.*?)>, (?<more>.*)$/.exec(rest)?.groups ?? {};
    if (sender === undefined) return [];
    const message = this.#messages.get(id) ?? { sender, open: new Map<string, MtaEvent>() };
    this.#messages.set(id, message);
    if (!/^status=(force-)?expired\b/.test(more)) return [];
    const expired = [...message.open.values()].map(
      (event): MtaEvent => ({ ...event, kind: 'expired', atMs }),
    );
    message.open.clear();
    return expired;
  }

  /** The log is in UTC (see config.ts). A month after that of its end is of the year before. */
  #timeOf(month: string, day: string | undefined, time: string | undefined): number | undefined {
    const at = MONTHS.indexOf(month);
    if (at < 0 || day === undefined || time === undefined) return undefined;
    const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
    const year = at > this.#lastMonth ? this.#year - 1 : this.#year;
    return Date.UTC(year, at, Number(day), hour, minute, second);
  }
}
