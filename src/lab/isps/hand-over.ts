/** Hands the connections that one process takes to the worker that serves them. */
import type { Socket } from 'node:net';
import type { ToIspPart } from '../messages.ts';

/** Connections on their way to a worker at once. The next message waits for them, as they wait for each other. */
const AT_ONCE = 4;

/** Takes a socket over a channel. */
export interface Receiver {
  hand(message: ToIspPart, socket: Socket, done: () => void): void;
}

/**
 * Connections for one worker. A socket is handed over when the one before it has arrived, and Node holds back all that is
 * said after it until then; so that what else is to be said is not late, all but a few of them wait here.
 */
export class HandOver {
  readonly #receiver: Receiver;
  #waiting: { readonly socket: Socket; readonly place: number }[] = [];
  #underWay = 0;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Hands over a paused connection, taken at one of the ISP's addresses. */
  take(socket: Socket, place: number): void {
    // It is not read here, but whatever goes wrong with it is no reason to end.
    socket.on('error', () => {});
    this.#waiting.push({ socket, place });
    this.#next();
  }

  /** Ends the connections that wait and were taken at this address; undefined: all. */
  drop(place?: number): void {
    const dropped = this.#waiting.filter((one) => place === undefined || one.place === place);
    this.#waiting = this.#waiting.filter((one) => !dropped.includes(one));
    for (const { socket } of dropped) socket.destroy();
  }

  #next(): void {
    while (this.#underWay < AT_ONCE) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.socket.destroyed) continue;
      this.#underWay++;
      this.#receiver.hand({ type: 'connection', place: next.place }, next.socket, () => {
        this.#underWay--;
        this.#next();
      });
    }
  }
}
