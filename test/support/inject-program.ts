/** Sends numbered messages to the MTA of its machine, and writes the numbers of those that it took, as JSON, to stdout. */
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
  /** Domain of the senders. */
  readonly sender?: string;
}

const { first, messages, connections, domains, vmta, sender } = JSON.parse(
  process.argv[2] ?? '',
) as InjectTask;
const from = sender ?? 'news.sender.test';
const taken: number[] = [];
let next = first;

/** Sends until there are no more messages, or the connection ends. */
async function connection(): Promise<void> {
  const client = new SmtpClient({ address: '127.0.0.1', port: 25 });
  try {
    await client.reply();
    await client.ask('EHLO injector.test');
    while (next < first + messages) {
      const number = next++;
      const header = vmta === undefined ? [] : [`X-Virtual-MTA: ${vmta}`];
      const to = `u${number}.0@${domains[number % domains.length]}`;
      const [envelope = ''] = await client.ask(`MAIL FROM:<b-${number}@${from}>`, `RCPT TO:<${to}>`, 'DATA');
      if (!envelope.startsWith('354')) throw new Error(envelope);
      client.write([...header, `Subject: ${number}`, '', 'Hello.', '.', ''].join('\r\n'));
      const [reply = ''] = await client.reply();
      if (reply.startsWith('250')) taken.push(number);
    }
    await client.ask('QUIT');
  } catch {
    // What was not confirmed is not told.
  }
  client.destroy();
}

await Promise.all(Array.from({ length: connections }, connection));
console.log(JSON.stringify(taken));
