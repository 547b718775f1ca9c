/**
 * The receiving end of one SMTP connection: bytes in, replies out. RFC 5321 with PIPELINING (2920), CHUNKING and
 * BINARYMIME (3030), STARTTLS (3207), SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531) and DSN (3461), as far as the ISP
 * offers them. It keeps to the order of commands; what is said, and when the connection ends, is the session's business.
 */
import { type Command, type Fault, isBeyondAscii, parseCommand } from './commands.ts';
import type { ProtocolError, ProtocolRules } from './protocol.ts';
import type { Rendered } from './render.ts';
import type { Session } from './session.ts';
import { Content, DataReader, lineEnd } from './smtp-lines.ts';
import { Speaker, type Wire } from './speaker.ts';

const NOTHING = Buffer.alloc(0);
const CR = 13;
/** A client that says more than this while an answer is due is not listened to until it is given. */
const MOST_HELD = 65_536;

/** Commands that must follow HELO or EHLO (RFC 5321 section 4.1.4). */
const AFTER_HELLO = new Set(['MAIL', 'RCPT', 'DATA', 'BDAT', 'STARTTLS']);

/** What the bytes that come next are. `line`: the rest of a command that is too long. */
type Mode = 'command' | 'line' | 'text' | 'chunk' | 'tls';

/** A chunk that BDAT announced. A refusal is said when all of it was thrown away (RFC 3030 section 2). */
interface Chunk {
  readonly size: number;
  readonly last: boolean;
  readonly refusal: Rendered | undefined;
  left: number;
}

/** Takes in one connection for a session. */
export class Receiver {
  readonly #session: Session;
  readonly #wire: Wire;
  readonly #speaker: Speaker;
  readonly #rules: ProtocolRules;
  readonly #offered: ReadonlySet<string>;
  #mode: Mode = 'command';
  #input: Buffer = NOTHING;
  #at = 0;
  #progress = 0;
  #unknownCommands = 0;
  #greeted = false;
  #encrypted = false;
  #inTransaction = false;
  #binary = false;
  #utf8 = false;
  #reader: DataReader | undefined;
  /** The message under way; with BDAT, from the first chunk to the last. */
  #content: Content | undefined;
  #chunk: Chunk | undefined;

  constructor(session: Session, wire: Wire, rules: ProtocolRules) {
    this.#session = session;
    this.#wire = wire;
    this.#rules = rules;
    this.#offered = new Set(rules.extensions);
    this.#speaker = new Speaker(session, wire, () => this.#run());
  }

  /** Grows with every command and every piece of a message; one that stands still shows a client that is idle. */
  get progress(): number {
    return this.#progress;
  }

  /** Whether all is said and only the connection is still there. */
  get over(): boolean {
    return this.#speaker.condition === 'over';
  }

  /** A client has connected. */
  open(): void {
    this.#say(this.#session.onConnect());
    this.#run();
  }

  /** Bytes have come. They may be overwritten when this returns. */
  receive(bytes: Buffer): void {
    if (this.#speaker.failsAfter(bytes.length)) return;
    const rest = this.#at < this.#input.length ? this.#input.subarray(this.#at) : undefined;
    this.#input = rest ? Buffer.concat([rest, bytes]) : bytes;
    this.#at = 0;
    this.#run();
    this.#content?.own();
    if (this.#input === bytes) {
      this.#input = Buffer.from(bytes.subarray(this.#at));
      this.#at = 0;
    }
    if (this.#speaker.held && this.#input.length > MOST_HELD) this.#wire.pause();
  }

  /** The client reads again. */
  drained(): void {
    this.#speaker.drained();
  }

  /** The TLS handshake is done. What was said before is forgotten (RFC 3207 section 4.2). */
  secured(): void {
    this.#session.onSecured();
    // Something in the clear may have come while the answer to STARTTLS was on its way.
    this.#input = NOTHING;
    this.#at = 0;
    this.#encrypted = true;
    this.#greeted = false;
    this.#endTransaction();
    this.#mode = 'command';
    this.#progress++;
  }

  /** The client says that no more will come (FIN); it may still read. */
  ended(): void {
    this.#speaker.clientEnded = true;
    this.#run();
  }

  /** The connection is gone. */
  gone(): void {
    this.#speaker.gone();
    this.#session.onClose();
  }

  /** Nothing has come for as long as the ISP waits. */
  timedOut(): void {
    if (this.#speaker.owesAnswer) return;
    if (this.over || this.#mode === 'tls' || this.#speaker.blocked) {
      this.#session.onClose(true);
      this.#wire.destroy();
      return;
    }
    this.#say({ ...this.#session.onError('timeout'), close: true });
  }

  /** Reads as far as the bytes go, and sends the answers. */
  #run(): void {
    const speaker = this.#speaker;
    while (this.#at < this.#input.length && !speaker.held) {
      const before = this.#at;
      if (speaker.condition === 'talking') this.#read();
      else this.#at = this.#input.length;
      if (this.#at === before) break;
      this.#progress++;
      speaker.flush(true);
    }
    // A rest of nothing must not keep a packet alive.
    if (this.#at >= this.#input.length) this.#input = NOTHING;
    if (!speaker.clientEnded) {
      speaker.flushSoon();
      return;
    }
    speaker.flush();
    if (!speaker.held) {
      this.#session.onClose();
      // A handshake that the client has left never ends.
      if (this.#mode === 'tls') this.#wire.destroy();
      else speaker.close();
    }
  }

  #read(): void {
    switch (this.#mode) {
      case 'command':
        this.#readCommand();
        return;
      case 'line':
        this.#skipLine();
        return;
      case 'text':
        this.#readText();
        return;
      case 'chunk':
        this.#readChunk();
        return;
      case 'tls':
        return;
    }
  }

  #say(answer: Rendered): void {
    this.#speaker.say(answer);
  }

  #fault(error: ProtocolError, argument?: string): void {
    this.#say(this.#session.onError(error, argument));
  }

  #endTransaction(): void {
    this.#inTransaction = false;
    this.#content = undefined;
  }

  // --- commands ---

  #readCommand(): void {
    const end = lineEnd(this.#input, this.#at);
    const length = (end < 0 ? this.#input.length : end + 2) - this.#at;
    if (length > this.#rules.commandLine) {
      this.#mode = 'line';
      this.#skipLine();
    } else if (end >= 0) {
      const line = this.#input.toString('latin1', this.#at, end);
      this.#at = end + 2;
      this.#obey(parseCommand(line, this.#offered));
    }
  }

  #skipLine(): void {
    const end = lineEnd(this.#input, this.#at);
    if (end < 0) {
      // A CR at the end may be half of the line's end.
      this.#at = this.#input.length - (this.#input[this.#input.length - 1] === CR ? 1 : 0);
      return;
    }
    this.#at = end + 2;
    this.#mode = 'command';
    this.#fault('long-command');
  }

  #obey(command: Command): void {
    if (!this.#greeted && AFTER_HELLO.has(command.verb === 'fault' ? command.of : command.verb)) {
      // The chunk that follows BDAT is thrown away all the same.
      if (command.verb === 'BDAT') this.#expectChunk(command, this.#session.onError('hello-first'));
      else if (command.verb !== 'fault' || command.error !== 'unknown-command') this.#fault('hello-first');
      else this.#faulty(command);
      return;
    }
    switch (command.verb) {
      case 'HELO':
      case 'EHLO': {
        const answer = this.#session.onHelo(command.verb, command.name);
        if (answer.code < 400) this.#greeted = true;
        this.#endTransaction();
        this.#say(answer);
        return;
      }
      case 'MAIL':
        this.#mail(command);
        return;
      case 'RCPT':
        if (this.#content) this.#fault('nested-mail');
        else if (isBeyondAscii(command.recipient) && !this.#utf8) this.#fault('not-ascii');
        else this.#say(this.#session.onRcpt(command.recipient));
        return;
      case 'DATA':
        this.#data();
        return;
      case 'BDAT':
        this.#bdat(command);
        return;
      case 'RSET':
        this.#endTransaction();
        this.#say(this.#session.onReset());
        return;
      case 'NOOP':
        this.#say(this.#session.onReset(true));
        return;
      case 'VRFY':
      case 'HELP':
        this.#say(this.#session.onCourtesy(command.verb === 'VRFY' ? 'vrfy' : 'help'));
        return;
      case 'QUIT':
        this.#say(this.#session.onQuit());
        return;
      case 'STARTTLS':
        this.#startTls();
        return;
      case 'fault':
        this.#faulty(command);
        return;
    }
  }

  #faulty({ of, error, argument }: Fault): void {
    const { unknown } = this.#rules;
    if (error === 'unknown-command' && unknown !== null && ++this.#unknownCommands > unknown)
      this.#fault('too-many-unknown');
    else this.#fault(error, argument);
    // What follows may be a chunk. It must not be taken for commands.
    if (of === 'BDAT' && error === 'bad-argument') this.#speaker.close();
  }

  #mail({ sender, size, body, utf8 }: Extract<Command, { verb: 'MAIL' }>): void {
    if (this.#inTransaction) {
      this.#fault('nested-mail');
      return;
    }
    const answer = this.#session.onMail(sender, size);
    this.#inTransaction = answer.code < 400;
    this.#binary = body === 'BINARYMIME';
    this.#utf8 = utf8;
    this.#say(answer);
  }

  #startTls(): void {
    if (this.#encrypted) {
      this.#fault('tls-repeated');
      return;
    }
    if (this.#rules.refusesTlsPipelining && this.#at < this.#input.length) {
      this.#fault('tls-pipelined');
      return;
    }
    const answer = this.#session.onStartTls();
    if (answer.code < 400) {
      this.#mode = 'tls';
      // Whatever came in the clear behind the command is not part of what is encrypted (CVE-2011-0411).
      this.#at = this.#input.length;
    }
    this.#speaker.say(answer, () => {
      if (this.#mode !== 'tls') return;
      this.#speaker.flush();
      if (!answer.failure) this.#wire.secure(answer.certificate ?? 'good');
    });
  }

  // --- content ---

  #data(): void {
    if (this.#content) this.#fault('data-after-bdat');
    else if (this.#inTransaction && this.#binary) this.#fault('data-of-binary');
    else {
      const answer = this.#session.onData();
      if (answer.code === 354) {
        this.#content = new Content(this.#session.wantsContent, this.#rules.textLine);
        this.#reader = new DataReader(this.#content);
        this.#mode = 'text';
      }
      this.#say(answer);
      this.#speaker.failsAfter(this.#input.length - this.#at);
    }
  }

  #readText(): void {
    const reader = this.#reader as DataReader;
    this.#at = reader.push(this.#input, this.#at);
    if (!reader.ended) return;
    this.#mode = 'command';
    this.#dot();
  }

  #dot(): void {
    const { bytes, kept, longText } = this.#content as Content;
    this.#endTransaction();
    const answer = this.#session.onDot({ bytes, head: kept, longText });
    if (answer instanceof Promise) this.#speaker.sayWhenKnown(answer);
    else this.#say(answer);
  }

  #bdat(command: Extract<Command, { verb: 'BDAT' }>): void {
    let refusal: Rendered | undefined;
    if (!this.#content) {
      const answer = this.#session.onData();
      if (answer.code === 354) this.#content = new Content(this.#session.wantsContent);
      else refusal = answer;
      this.#speaker.expect(answer.failure);
      if (this.#speaker.failsAfter(this.#input.length - this.#at)) return;
    }
    this.#expectChunk(command, refusal);
  }

  #expectChunk({ size, last }: Extract<Command, { verb: 'BDAT' }>, refusal: Rendered | undefined): void {
    this.#chunk = { size, last, refusal, left: size };
    this.#mode = 'chunk';
    this.#readChunk();
  }

  #readChunk(): void {
    const chunk = this.#chunk as Chunk;
    const end = Math.min(this.#input.length, this.#at + chunk.left);
    if (!chunk.refusal) this.#content?.add(this.#input, this.#at, end);
    chunk.left -= end - this.#at;
    this.#at = end;
    if (chunk.left > 0) return;
    this.#mode = 'command';
    if (chunk.refusal) this.#say(chunk.refusal);
    else if (chunk.last) this.#dot();
    else this.#say(this.#session.onChunk(chunk.size));
  }
}
