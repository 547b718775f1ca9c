import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Tap } from '../../../fakes/isp/engine.ts';
import { HarnessError, messageOf } from '../../core/errors.ts';

/** A file of dialogues: a line for each line said, with the connection's number and who said it. */
export interface Transcript {
  /** Listens in on a new connection. */
  readonly tap: (remoteAddress: string) => Tap;
  close(): Promise<void>;
}

/**
 * Opens a transcript.
 * @throws HarnessError of kind `usage` if the file can't be written
 */
export async function openTranscript(path: string): Promise<Transcript> {
  const out = createWriteStream(path);
  try {
    await once(out, 'open');
  } catch (error) {
    throw new HarnessError('usage', `can't write the transcript ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // A full disk ends the transcript, not the ISP.
  out.on('error', () => {});
  let connections = 0;
  let ended = false;
  return {
    tap(remoteAddress) {
      const number = ++connections;
      // Word of a connection's end may come late, and a write behind the end would discard all that is still to be written.
      const note = (text: string): void => void (ended || out.write(`${number} ${text}\n`));
      note(`-- ${remoteAddress} connects`);
      const client = lineWriter((line) => note(`C: ${line}`));
      const server = lineWriter((line) => note(`S: ${line}`));
      return {
        client: (bytes) => client(bytes.toString('latin1')),
        server,
        closed: () => note('-- closed'),
      };
    },
    close() {
      ended = true;
      return new Promise((resolve) => out.end(() => resolve()));
    },
  };
}

/** Collects text into lines. */
function lineWriter(write: (line: string) => void): (text: string) => void {
  let open = '';
  return (text) => {
    const lines = (open + text).split(/\r\n|\n/);
    open = lines.pop() ?? '';
    for (const line of lines) write(line);
  };
}
