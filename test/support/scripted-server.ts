/** A small SMTP server that does what a test tells it, and plans that send to it. */
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { monotonicMicros, realClock } from '../../src/core/clock.ts';
import { loopbackOnly } from '../../src/core/proof.ts';
import { type Driver, type DriverPlan, startDriver } from '../../src/driver/driver.ts';
import { type LoadPlan, plainLoad } from '../../src/driver/load.ts';
import {
  INJECTION_STATES,
  type InjectionState,
  Kind,
  Packer,
  RecordView,
} from '../../src/record/attempt-log.ts';
import { messagePlan, STAMP } from './message-plan.ts';

/** How a scripted server answers: one line a command, by verb; undefined hangs up without a word, '' says nothing. */
export interface Script {
  greeting?: string;
  pipelining?: boolean;
  mail?: (address: string) => string | undefined;
  rcpt?: (address: string) => string | undefined;
  data?: (address: string) => string | undefined;
  noop?: () => string | undefined;
  /** Gives the reply to a dot when it likes. */
  later?: (say: () => void) => void;
  dot?: (address: string) => string | undefined;
}

/** What a scripted server saw. */
export interface Seen {
  /** Whole messages, dot-stuffed as they came, with their envelope. */
  readonly messages: { sender: string; recipients: string[]; text: string }[];
  connections: number;
  resets: number;
  noops: number;
  /** Messages on each connection that has ended, in the order of their ends. */
  readonly perConnection: number[];
  /** Connections open now, and at most. */
  open: number;
  peak: number;
}

/** A tiny SMTP server that does what a test tells it. Not a real one: that the driver speaks to those is tested in e2e. */
export async function serve(t: TestContext, script: Script): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = {
    messages: [],
    connections: 0,
    resets: 0,
    noops: 0,
    perConnection: [],
    open: 0,
    peak: 0,
  };
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    seen.connections++;
    seen.open++;
    seen.peak = Math.max(seen.peak, seen.open);
    sockets.add(socket);
    talk(socket, script, seen);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

function talk(socket: Socket, script: Script, seen: Seen): void {
  let buffered = '';
  let sender = '';
  let open = false;
  let recipients: string[] = [];
  let text: string | undefined;
  let carried = 0;
  socket.on('error', () => {});
  socket.on('close', () => {
    seen.open--;
    seen.perConnection.push(carried);
  });
  const say = (line: string | undefined): void =>
    void (line === undefined ? socket.destroy() : line === '' ? true : socket.write(`${line}\r\n`));
  say(script.greeting ?? '220 ready');
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
      const line = buffered.slice(0, end);
      buffered = buffered.slice(end + 2);
      if (text !== undefined) {
        if (line !== '.') text += `${line}\r\n`;
        else {
          carried++;
          if (text !== '') seen.messages.push({ sender, recipients, text });
          text = undefined;
          const answer = (): void => say(script.dot ? script.dot(sender) : '250 queued');
          if (script.later) script.later(answer);
          else answer();
        }
      } else if (line.startsWith('EHLO'))
        say(script.pipelining === false ? '250 hello' : '250-hello\r\n250 PIPELINING');
      else if (line.startsWith('MAIL')) {
        sender = line.slice('MAIL FROM:<'.length, -1);
        recipients = [];
        const reply = script.mail ? script.mail(sender) : '250 ok';
        open = reply?.startsWith('250') === true;
        say(reply);
      } else if (line.startsWith('RCPT')) {
        const recipient = line.slice('RCPT TO:<'.length, -1);
        const reply = !open ? '503 MAIL first' : script.rcpt ? script.rcpt(recipient) : '250 ok';
        if (reply?.startsWith('250')) recipients.push(recipient);
        say(reply);
      } else if (line === 'DATA') {
        const reply = script.data
          ? script.data(sender)
          : recipients.length > 0
            ? '354 go'
            : '503 no recipients';
        if (reply?.startsWith('354')) text = '';
        say(reply);
      } else if (line === 'NOOP') {
        seen.noops++;
        say(script.noop ? script.noop() : '250 here');
      } else if (line === 'RSET') {
        seen.resets++;
        say('250 reset');
      } else if (line === 'QUIT') socket.end('221 bye\r\n');
    }
  });
}

/** What a test changes in a plan. */
export interface PlanChanges extends Partial<DriverPlan> {
  readonly load?: Partial<LoadPlan>;
  readonly perMessage?: number;
  readonly messages?: number;
}

/** A plan for a scripted server: 40 messages at 200 a second, unless a test changes that. */
export function planFor(port: number, changes: PlanChanges = {}): DriverPlan {
  const { perMessage = 1, messages = 40, load, ...rest } = changes;
  const plain = plainLoad(
    { executor: 'constant-arrival-rate', rate: 200, duration: messages * 5000 },
    messages,
    { connections: 4, timeoutMs: 5000, domain: 'gmail.com' },
  );
  return {
    seed: 1,
    loads: [
      {
        ...plain,
        recipients: { ...plain.recipients, perMessage, ispPer: 'recipient' },
        message: messagePlan({
          size: { kind: 'uniform', min: 500, max: 3000 },
          recipients: perMessage,
          senders: [
            { domain: 'a.test', signed: false },
            { domain: 'b.test', signed: false },
          ],
        }),
        ...load,
      },
    ],
    stamp: STAMP,
    helo: 'driver.test',
    targets: [{ endpoints: [{ address: '127.0.0.1', port }] }],
    targetPer: 'run',
    pipelineAcrossMessages: true,
    share: { worker: 0, of: 1 },
    ...rest,
  };
}

/** Carries a plan out, and returns the records of its injections by message. */
export async function drive(plan: DriverPlan): Promise<{
  driver: Driver;
  injections: { message: number; state: InjectionState; code: number; slot: number | undefined }[];
}> {
  const packer = new Packer();
  const driver = await startDriver(plan, realClock(monotonicMicros()), packer, loopbackOnly());
  await driver.finished;
  const bytes = packer.take();
  const view = bytes ? new RecordView(bytes) : undefined;
  const injections = Array.from({ length: view?.count ?? 0 }, (_, index) => {
    const { kind, message, outcome, code, refusedSlot } = Object.assign(view as RecordView, { index });
    const state = INJECTION_STATES[outcome] as InjectionState;
    return kind === Kind.injection ? [{ message, state, code, slot: refusedSlot }] : [];
  }).flat();
  return { driver, injections: injections.sort((a, b) => a.message - b.message) };
}
