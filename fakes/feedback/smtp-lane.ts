/** One connection over which an ISP sends mail, one after the other. It is opened for the first and kept for the next. */
import { connect, type Socket } from 'node:net';
import { after } from '../../src/core/clock.ts';
import type { ReturnedMail } from './mail.ts';
import type { HandOver } from './outbound.ts';
import type { Place } from './return-path.ts';

/** RFC 5321 section 4.5.3.2 has longer times; nothing in a lab needs them but the reply to the dot. */
const COMMAND_MS = 60_000;
const DOT_MS = 600_000;
/** A connection that has nothing to do is closed after so long. */
const IDLE_MS = 1000;

/** What a reply says; 0: the connection ended, or what came is no SMTP. */
type Code = number;

export interface LaneOptions {
  readonly to: Place;
  /** The ISP's own address that it sends from; undefined: any. */
  readonly from: string | undefined;
  /** What it calls itself. */
  readonly helo: string;
}

/** Sends mails by SMTP (RFC 5321), without extensions but 8BITMIME where it is offered. */
export class SmtpLane {
  readonly #options: LaneOptions;
  #socket: Socket | undefined;
  #input = '';
  #is8Bit = false;
  #answer: ((code: Code) => void) | undefined;
  #cancelIdle: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Hands one mail over. One at a time. */
  async send(mail: ReturnedMail): Promise<HandOver> {
    this.#cancelIdle();
    const isKept = this.#socket !== undefined;
    let came = await this.#trySend(mail);
    // A connection that was kept may have ended meanwhile.
    if (came === 'gone' && isKept) came = await this.#trySend(mail);
    if (this.#socket) this.#cancelIdle = after(IDLE_MS, () => this.#quit());
    return came === 'gone' ? 'later' : came;
  }

  close(): void {
    this.#cancelIdle();
    this.#end();
  }

  /** `gone`: the connection ended before anything was said about this mail. */
  async #trySend({ sender, recipient, text }: ReturnedMail): Promise<HandOver | 'gone'> {
    if (!this.#socket && !(await this.#open())) return 'gone';
    const body = this.#is8Bit && isBeyondAscii(text) ? ' BODY=8BITMIME' : '';
    const first = await this.#ask(`MAIL FROM:<${sender}>${body}`);
    if (first === 0 || first === 421) {
      // Both are how a server ends a connection that it has had enough of (RFC 5321 section 3.8).
      this.#end();
      return 'gone';
    }
    for (const code of [first, first < 300 ? await this.#ask(`RCPT TO:<${recipient}>`) : first])
      if (code >= 300 || code === 0) return this.#refused(code);
    const data = await this.#ask('DATA');
    if (data !== 354) return this.#refused(data);
    const dot = await this.#ask(`${wired(text)}.`, DOT_MS);
    return dot >= 200 && dot < 300 ? 'taken' : this.#refused(dot);
  }

  async #open(): Promise<boolean> {
    const { to, from, helo } = this.#options;
    this.#input = '';
    const local = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host: to.address, port: to.port, noDelay: true, ...local });
    socket.setEncoding('latin1');
    this.#socket = socket;
    const gone = (): void => {
      if (this.#socket === socket) this.#end();
    };
    socket.on('data', (text: string) => {
      if (this.#socket === socket) this.#read(text);
    });
    socket.on('error', gone);
    socket.on('end', gone);
    socket.on('close', gone);
    const greeting = await this.#reply(COMMAND_MS);
    const hello = greeting === 220 ? await this.#ask(`EHLO ${helo}`) : 0;
    const polite = hello >= 500 ? await this.#ask(`HELO ${helo}`) : hello;
    if (polite === 250) return true;
    this.#end();
    return false;
  }

  #ask(line: string, ms = COMMAND_MS): Promise<Code> {
    if (!this.#socket) return Promise.resolve(0);
    this.#socket.write(`${line}\r\n`, 'latin1');
    return this.#reply(ms);
  }

  #reply(ms: number): Promise<Code> {
    return new Promise((resolve) => {
      const cancel = after(ms, () => this.#end());
      this.#answer = (code) => {
        this.#answer = undefined;
        cancel();
        resolve(code);
      };
    });
  }

  #read(text: string): void {
    this.#input += text;
    const [whole = ''] = /^(?:\d{3}-[^\n]*\n)*\d{3}(?:[ \r][^\n]*)?\n/.exec(this.#input) ?? [];
    if (whole === '') {
      // Whoever says so much, or something else, speaks another protocol.
      if (this.#input.length > 65_536 || !/^\d{0,3}$|^\d{3}[- \r]/.test(this.#input)) this.#end();
      return;
    }
    this.#input = this.#input.slice(whole.length);
    this.#is8Bit ||= /^250[- ]8BITMIME\s*$/im.test(whole);
    this.#answer?.(Number(/(\d{3})[^\n]*\n$/.exec(whole)?.[1]));
  }

  /** What a refusal means. The next mail begins anew. */
  #refused(code: Code): HandOver {
    if (code === 421 || code === 0) this.#end();
    else this.#quit();
    return code >= 500 ? 'refused' : 'later';
  }

  #quit(): void {
    this.#socket?.write('QUIT\r\n');
    this.#end(true);
  }

  #end(isPolite = false): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#is8Bit = false;
    if (isPolite) socket?.end();
    else socket?.destroy();
    this.#answer?.(0);
  }
}

function isBeyondAscii(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}

/** A text with its last line ended and dots doubled (RFC 5321 section 4.5.2). */
function wired(text: string): string {
  const lines = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
  return lines.replace(/(^|\r\n)\./g, '$1..');
}
