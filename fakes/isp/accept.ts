/**
 * Reading without new memory for each read. Node lets a socket that connects read into a buffer of its user's (`onread`),
 * but not one that a server took; so the connection is put under a socket that was made for it.
 */
import { type ConnectOpts, type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';

/** What sockets hold that Node does not write about; the same from Node 20 to 26 (onconnection in its lib/net.js). */
interface Inside {
  /** The connection itself. */
  _handle?: object | null;
  /** The server that counts the connection until the socket is destroyed. */
  server?: Server | null;
  _server?: Server | null;
}

/** Where all sockets of the process put what they have read: it is dealt with before the next one reads. */
const RECEIVED = Buffer.allocUnsafeSlow(65_536);

/**
 * Begins to read from a connection that was taken paused, or that another process handed over. Returns the socket to go
 * on with, in place of the one given.
 * @param receive is handed what was read; it is overwritten as soon as that returns
 */
export function readFrom(socket: Socket & Inside, receive: (bytes: Buffer) => void): Socket {
  const { _handle: handle, server, allowHalfOpen } = socket;
  // What was read already would be lost.
  if (!handle || socket.readableLength > 0) return socket.on('data', receive).resume();
  const options: SocketConstructorOpts & ConnectOpts & { readonly handle: object } = {
    handle,
    allowHalfOpen,
    readable: true,
    writable: true,
    onread: readingInto(receive),
  };
  const reading: Socket & Inside = new Socket(options);
  socket._handle = null;
  socket._server = null;
  if (server) Object.assign(reading, { server, _server: server } satisfies Inside);
  // The channel that handed it over counts it until it is closed.
  if (socket.listenerCount('close') > 0) reading.once('close', () => socket.destroy());
  return reading;
}

/** A function of its own, so that what the socket keeps does not hold the socket that it replaces. */
function readingInto(receive: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: RECEIVED,
    callback(length) {
      receive(RECEIVED.subarray(0, length));
      return true;
    },
  };
}
