import type { Socket } from 'node:net';

/** Up to this size, copying a message into one piece costs less than writing it in several. */
const ONE_PIECE_BYTES = 16_384;
const SLAB_BYTES = 65_536;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let used = 0;

/**
 * Writes a message and what follows it. A small one goes out in one piece, put together in memory that all sessions of
 * the process share; what a socket could not write at once stays there untouched, until it has.
 */
export function writeMessage(socket: Socket, head: string, body: Buffer, tail: string): void {
  const size = head.length + body.length + tail.length;
  if (size > ONE_PIECE_BYTES) {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.write(tail, 'latin1');
    socket.uncork();
    return;
  }
  if (used + size > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    used = 0;
  }
  const start = used;
  used += slab.write(head, used, 'latin1');
  slab.set(body, used);
  used += body.length;
  used += slab.write(tail, used, 'latin1');
  socket.write(slab.subarray(start, used));
  if (socket.writableLength === 0) used = start;
}
