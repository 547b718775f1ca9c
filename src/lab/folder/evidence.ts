/** The histories of the recipients in question, read from a run's records: `evidence.ndjson`, and a sample of it. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { judgeRecipient, knownFrom } from '../../analysis/conservation.ts';
import { Histories, knownFromHistory } from '../../analysis/histories.ts';
import { inQuestion, kindsOf } from '../../analysis/in-question.ts';
import { HarnessError } from '../../core/errors.ts';
import type { Aggregate } from '../../record/aggregate.ts';
import { eachBlock } from '../../record/recorder.ts';
import { mtaEvidence } from '../../report/build.ts';
import { shortened, tellHistory } from '../../report/history.ts';
import type { ReportInput } from '../../report/input.ts';
import type { Evidence, RecipientHistory } from '../../report/summary.ts';
import type { Plan } from '../../scenario/plan.ts';
import { addressesOf, modelOf } from './report-input.ts';
import { writeWhole } from './whole-file.ts';

/** The file's name in a run's folder. */
export const EVIDENCE_FILE = 'evidence.ndjson';

/** Attempts of a history in the report itself; the file has all. */
const ATTEMPTS_SHOWN = 12;

/**
 * Reads the histories of the recipients in question, in one more pass over the records in the run's folder, and writes
 * `evidence.ndjson`, whole or not at all.
 *
 * The file has a RecipientHistory (src/report/summary.ts) a line, in the order of loads, messages and slots: times in
 * milliseconds since the load began, at most 100,000 recipients with 500,000 attempts, some of each kind and of the
 * gravest kinds first. The last line says how many there are, and by kind how many were left out:
 * `{"histories":2,"leftOut":{"lost":0,…}}`.
 * @returns also what could not be written and why, a sentence at most
 */
export function gatherEvidence(
  folder: string,
  plan: Plan,
  aggregate: Aggregate,
  input: ReportInput,
): { evidence: Evidence; unwritten: string[] } {
  const { told, kinds } = inQuestion(aggregate.ledger, mtaEvidence(aggregate, input));
  const histories = new Histories(modelOf(plan).loads, told);
  // What is wrong with a damaged file is said with the figures.
  if (told.length > 0) eachBlock(folder, (records) => histories.add(records));
  const tell = teller(histories, plan, aggregate, input);
  let incomplete = 0;
  function* lines(): Generator<string> {
    for (const recipient of told) {
      const history = tell(recipient);
      if (!history.complete) incomplete++;
      yield `${JSON.stringify(history)}\n`;
    }
    const leftOut = Object.fromEntries(kinds.map(({ kind, leftOut: n }) => [kind, n]));
    yield `${JSON.stringify({ histories: told.length, leftOut })}\n`;
  }
  const unwritten: string[] = [];
  try {
    writeWhole(join(folder, EVIDENCE_FILE), lines());
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    unwritten.push(error.message);
    incomplete = told.filter((recipient) => !tell(recipient).complete).length;
  }
  const evidence = {
    file: EVIDENCE_FILE,
    histories: told.length,
    incomplete,
    kinds: kinds.map(({ kind, count, leftOut, sample }) => ({
      kind,
      count,
      leftOut,
      sample: sample.map((recipient) => shortened(tell(recipient), ATTEMPTS_SHOWN)),
    })),
  };
  return { evidence, unwritten };
}

/** Tells the history of a recipient that was planned. */
function teller(
  histories: Histories,
  plan: Plan,
  aggregate: Aggregate,
  input: ReportInput,
): (recipient: number) => RecipientHistory {
  const { ledger } = aggregate;
  const evidence = mtaEvidence(aggregate, input);
  const addressOf = addressesOf(plan);
  return (recipient) => {
    const history = histories.of(recipient);
    if (!history) throw new Error(`recipient ${recipient} was never planned`);
    const judgement = judgeRecipient(knownFrom(ledger, recipient), evidence);
    const found = judgeRecipient(knownFromHistory(history, histories.restarts), evidence);
    const facts = {
      kinds: kindsOf(judgement),
      address: addressOf(history.message, history.slot),
      isp: ledger.isp(recipient),
      outcome: judgement?.outcome,
      complete: history.attempts.length >= ledger.attempts(recipient) && isDeepStrictEqual(found, judgement),
    };
    return tellHistory(history, facts, input);
  };
}
