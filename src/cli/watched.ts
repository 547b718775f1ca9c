import { join, relative } from 'node:path';
import { HarnessError, messageOf } from '../core/errors.ts';
import { serveLive } from '../live/live.ts';
import type { Plan } from '../scenario/plan.ts';
import type { OutputStream } from './io.ts';
import type { Told } from './show-report.ts';

/** The value of `--ui`: a port, or true for a free one; undefined: no page is wanted. */
export type LivePort = number | true | undefined;

/** Serves the live page, if one is wanted, while `fly` flies a run in its folder. */
export async function watched(
  port: LivePort,
  { name: scenario, question }: Plan,
  folder: string,
  out: OutputStream,
  fly: () => Promise<Told>,
): Promise<Told> {
  if (port === undefined) return fly();
  const options = { port: port === true ? 0 : port, folder, run: { scenario, question } };
  const live = await serveLive(options, (why) => void out.write(`note: the live page broke down: ${why}\n`));
  out.write(`live page: ${live.url}\n`);
  try {
    const flown = await fly();
    const report = flown.written ? relative('.', join(folder, 'report.html')) : undefined;
    await live.end({ summary: flown.summary, report });
    return flown;
  } catch (error) {
    await live.fail(messageOf(error));
    throw error;
  }
}

/** Reads the value of `--ui`. Throws (kind `usage`) if it is not a port. */
export function livePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65536) return port;
  throw new HarnessError('usage', `--ui: "${text}" is not a port; expected a number from 0 to 65535`, {
    hint: 'what follows --ui is taken for a port, so put it behind the scenarios',
  });
}
