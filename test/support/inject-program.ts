/** Sends numbered messages to the MTA of its machine, and writes what came of them, as JSON, to stdout. */
import { SmtpClient } from './smtp-client.ts';

/** What the program is started with, as JSON. */
export interface InjectTask {
  /** The number of the first message. */
  readonly first: number;
  readonly messages: number;
  readonly connections: number;
  /** Domains of the recipients, in turn. */
  readonly domains: readonly string[];
  /** The header X-Virtual-MTA of all. */
  readonly vmta?: string;
  /** Where the MTA is; default: at 127.0.0.1. */
  readonly address?: string;
}

/** What it writes. */
export interface Injected {
  /** The numbers of the messages that the MTA confirmed. */
  readonly taken: number[];
  /** Its replies to the others; what ended a connection is none. */
  readonly refusals: string[];
}

const task = JSON.parse(process.argv[2] ?? '') as InjectTask;
const { first, messages, connections, domains, vmta, address = '127.0.0.1' } = task;
const header = vmta === undefined ? [] : [`X-Virtual-MTA: ${vmta}`];
const injected: Injected = { taken: [], refusals: [] };
let next = first;

/** Sends until there are no more messages, or the connection ends. */
async function connection(): Promise<void> {
  const client = new SmtpClient({ address, port: 25 });
  try {
    await client.reply();
    await client.ask('EHLO injector.test');
    while (next < first + messages) {
      const number = next++;
      const to = `u${number}.0@${domains[number % domains.length]}`;
      const [named = ''] = await client.ask(`MAIL FROM:<b-${number}@news.sender.test>`, `RCPT TO:<${to}>`);
      if (!named.startsWith('250')) {
        injected.refusals.push(named);
        await client.ask('RSET');
        continue;
      }
      await client.ask('DATA');
      client.write([...header, `Subject: ${number}`, '', 'Hello.', '.', ''].join('\r\n'));
      const [reply = ''] = await client.reply();
      if (reply.startsWith('250')) injected.taken.push(number);
      else injected.refusals.push(reply);
    }
    await client.ask('QUIT');
  } catch {
    // The connection has ended; what was under way was not confirmed.
  }
  client.destroy();
}

await Promise.all(Array.from({ length: connections }, connection));
console.log(JSON.stringify(injected));
