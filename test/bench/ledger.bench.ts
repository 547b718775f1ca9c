/** What the ledger keeps of a recipient, and what it costs to take in what happens to one. `npm run bench ledger [recipients]` */
import { createPrng } from '../../src/core/prng.ts';
import { cpuMicros } from '../../src/core/process.ts';
import { plainLoad } from '../../src/driver/load.ts';
import { createRecipients } from '../../src/driver/recipients.ts';
import { Aggregate } from '../../src/record/aggregate.ts';
import { Packer } from '../../src/record/attempt-log.ts';
import type { RunModel } from '../../src/record/run-model.ts';
import { spreadOf } from './side-by-side.ts';
import { about, found, progress, sizeOr } from './tell.ts';

const ROUNDS = 5;
const BATCH = 2000;

const recipients = sizeOr(1_000_000);
about(
  `A ledger of ${recipients.toLocaleString('en')} recipients, each injected and delivered: the bytes of its pages, and the CPU time to take in the three records of a message.`,
);
const bytes: number[] = [];
const micros: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  progress(`ledger: ${round + 1} of ${ROUNDS}`);
  const filled = fill();
  bytes.push(filled.bytes / recipients);
  micros.push(filled.cpuMicros / recipients);
}
found({ what: 'a recipient', unit: 'bytes', better: 'less', ours: spreadOf(bytes), bar: 48, goal: 32 });
found({ what: "a message's records", unit: 'µs CPU', better: 'none', ours: spreadOf(micros) });

function fill(): { bytes: number; cpuMicros: number } {
  const aggregate = new Aggregate(model());
  let spent = 0;
  for (let first = 0; first < recipients; first += BATCH) {
    const records = batch(first, Math.min(BATCH, recipients - first));
    const cpu = cpuMicros();
    aggregate.add(records);
    spent += cpuMicros() - cpu;
  }
  const { accepted, confirmed } = aggregate.running;
  if (accepted !== recipients || confirmed !== recipients)
    throw new Error('not all recipients are in the ledger');
  return { bytes: aggregate.ledger.bytes, cpuMicros: spent };
}

function model(): RunModel {
  const load = plainLoad({ executor: 'constant-arrival-rate', rate: 1, duration: 1 }, recipients);
  return {
    loads: [
      {
        name: load.name,
        firstMessage: 0,
        messages: recipients,
        recipientsPerMessage: 1,
        firstRecipient: 0,
        ispOf: createRecipients(load.recipients, createPrng(1)).isp,
      },
    ],
    phaseOf: () => 'baseline',
  };
}

/** What driver and ISP record of some messages, 20,000 a second. */
function batch(first: number, count: number): Uint8Array {
  const packer = new Packer();
  for (let message = first; message < first + count; message++) {
    const at = message * 50;
    const common = { at, isp: 0, source: 0, message, connection: message % 20, reply: 0 } as const;
    packer.attempt({ ...common, slot: 0, stage: 'dot', outcome: 'accepted' });
    packer.transaction({ ...common, stage: 'dot', outcome: 'accepted', recipients: 1, bytes: 2000 });
    packer.injection({
      due: at,
      sentAfter: 10,
      doneAfter: 700,
      message,
      connection: message % 20,
      code: 250,
      recipients: 1,
      state: 'confirmed',
    });
  }
  return packer.take() as Uint8Array;
}
