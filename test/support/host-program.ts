/** What the tests run beside the mail server, in the seal's namespace `host`: one task, its answer as JSON on stdout. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { proveSealed } from '../../src/lab/ground/seal.ts';
import { type Attempt, begin, listenEverywhere, tryAll } from './connection.ts';

export type HostTask =
  | { readonly do: 'connect'; readonly attempts: readonly Attempt[] }
  /** Connects to all; says what became of `attempts`, and which of `silent` were still connecting then. */
  | { readonly do: 'wait'; readonly attempts: readonly Attempt[]; readonly silent: readonly Attempt[] }
  | { readonly do: 'lookup'; readonly name: string }
  | { readonly do: 'datagram'; readonly address: string; readonly port: number }
  | { readonly do: 'prove' }
  /** Listens like a production mail server and greets with its name, until it is killed. */
  | { readonly do: 'serve' };

const task = JSON.parse(process.argv[2] ?? '') as HostTask;
switch (task.do) {
  case 'connect':
    print(await tryAll(task.attempts));
    break;
  case 'wait': {
    const silent = task.silent.map((attempt) => begin(attempt).socket);
    const ended = await tryAll(task.attempts);
    print({ ended, connecting: silent.map((socket) => socket.connecting) });
    for (const socket of silent) socket.destroy();
    break;
  }
  case 'lookup':
    print((await lookup(task.name, { family: 4 })).address);
    break;
  case 'datagram': {
    const socket = createSocket('udp4');
    await new Promise((sent) => socket.send('out', task.port, task.address, sent));
    socket.close();
    print('sent');
    break;
  }
  case 'prove':
    print(proveSealed());
    break;
  case 'serve':
    await listenEverywhere(25, (socket) => socket.end('the MTA'));
    print('ready');
}

function print(answer: unknown): void {
  console.log(JSON.stringify(answer));
}
