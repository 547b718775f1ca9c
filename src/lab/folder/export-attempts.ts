/** Every recipient attempt of a run as text, for tools that read lines: `attempts.ndjson.gz`. */
import { join } from 'node:path';
import { ATTEMPT_OUTCOMES, Kind, NONE16, NONE32, RecordView } from '../../record/attempt-log.ts';
import { recordsIn } from '../../record/recorder.ts';
import type { ReportInput } from '../../report/input.ts';
import { addressesOf } from './report-input.ts';
import { readRunFile } from './run-folder.ts';
import { writeWholeGzip } from './whole-file.ts';

/** The file's name in a run's folder. */
export const ATTEMPTS_FILE = 'attempts.ndjson.gz';

/** A line of the file. What is null is not known, or there was none. */
export interface AttemptLine {
  /** `reply-lost`: the MTA can't have read that it was accepted; a later line about an attempt that is in the file too. */
  readonly event: 'attempt' | 'reply-lost';
  /** When the attempt ended, milliseconds since the load began. */
  readonly atMs: number;
  readonly isp: string;
  /** null: an address that is not one of the run's sources. */
  readonly source: string | null;
  /** The number of the connection at its ISP. */
  readonly connection: number;
  /** null: not a message of this run. */
  readonly message: number | null;
  /** null: the ISP answered before a recipient was named, or to an address that is not of this run. */
  readonly slot: number | null;
  readonly recipient: string | null;
}

/** A line about an attempt says besides how it ended. */
export interface AttemptEndLine extends AttemptLine {
  readonly event: 'attempt';
  /** Where in the dialogue it ended. */
  readonly stage: RecordView['stage'];
  readonly outcome: (typeof ATTEMPT_OUTCOMES)[number];
  /** The ISP's reply by id, as in the summary's `isps[].replies`; null: it gave none. */
  readonly reply: string | null;
  readonly code: number | null;
  readonly enhanced: string | null;
  /** Envelope and header named different messages; the envelope's counts. */
  readonly mismatched: boolean;
}

/**
 * Writes `attempts.ndjson.gz` into a run's folder, whole or not at all: an AttemptEndLine for each attempt in the order
 * of the records, and an AttemptLine where a reply was lost. No more than a block of records is held.
 * @returns where it is, and how many attempts are in it
 * @throws HarnessError of kind `usage` if it is not a run's folder, `lab` if the file can't be written
 */
export async function exportAttempts(folder: string): Promise<{ path: string; attempts: number }> {
  const { plan, input } = readRunFile(folder);
  const addressOf = addressesOf(plan);
  const path = join(folder, ATTEMPTS_FILE);
  let attempts = 0;
  function* pieces(): Generator<string> {
    for (const block of recordsIn(folder, 'events')) {
      const view = new RecordView(block);
      let text = '';
      for (view.index = 0; view.index < view.count; view.index++) {
        if (view.kind === Kind.attempt) attempts++;
        else if (view.kind !== Kind.replyLost) continue;
        text += `${JSON.stringify(lineOf(view, input, addressOf))}\n`;
      }
      if (text !== '') yield text;
    }
  }
  await writeWholeGzip(path, pieces());
  return { path, attempts };
}

function lineOf(
  view: RecordView,
  input: ReportInput,
  addressOf: (message: number, slot: number) => string,
): AttemptLine | AttemptEndLine {
  const message = view.message === NONE32 ? null : view.message;
  // The largest numbers stand for no recipient, and for one that is not of the run.
  const slot = view.slot >= NONE16 - 1 ? null : view.slot;
  const event = view.kind === Kind.attempt ? 'attempt' : 'reply-lost';
  const line: AttemptLine = {
    event,
    atMs: Math.round(view.at) / 1e3,
    isp: input.isps[view.isp]?.id ?? '',
    source: input.sources[view.source] ?? null,
    connection: view.connection,
    message,
    slot,
    recipient: message === null || slot === null ? null : addressOf(message, slot) || null,
  };
  if (event === 'reply-lost') return line;
  const said = input.replies[view.reply];
  return {
    ...line,
    event,
    stage: view.stage,
    outcome: ATTEMPT_OUTCOMES[view.outcome] as AttemptEndLine['outcome'],
    reply: said?.id ?? null,
    code: said?.code ?? null,
    enhanced: said?.enhanced ?? null,
    mismatched: view.mismatched,
  };
}
