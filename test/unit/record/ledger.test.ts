import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONE16, Packer, RecordView } from '../../../src/record/attempt-log.ts';
import { Ledger } from '../../../src/record/ledger.ts';
import type { LoadModel } from '../../../src/record/run-model.ts';

const loads: LoadModel[] = [
  {
    name: 'pairs',
    firstMessage: 0,
    messages: 10,
    recipientsPerMessage: 2,
    firstRecipient: 0,
    ispOf: (_message, slot) => slot,
  },
  {
    name: 'endless',
    firstMessage: 10,
    messages: 1e9,
    recipientsPerMessage: 1,
    firstRecipient: 20,
    ispOf: (message) => message % 3,
  },
];

function ledgerOf(pack: (packer: Packer) => void, onDelivered?: (recipient: number) => void): Ledger {
  const packer = new Packer();
  pack(packer);
  const view = new RecordView(packer.take() as Uint8Array);
  const ledger = new Ledger(loads);
  ledger.onDelivered = onDelivered;
  for (view.index = 0; view.index < view.count; view.index++) {
    if (view.kind === 1) ledger.addInjection(view);
    else ledger.addAttempt(view);
  }
  return ledger;
}

const injected = {
  due: 7,
  sentAfter: 1,
  doneAfter: 2,
  connection: 1,
  code: 250,
  state: 'confirmed',
} as const;
const accepted = {
  at: 9,
  isp: 0,
  source: 3,
  connection: 1,
  reply: 0,
  stage: 'dot',
  outcome: 'accepted',
} as const;

test('each load has recipients of its own, wherever its numbers lie', () => {
  const ledger = ledgerOf((p) => {
    p.injection({ ...injected, message: 9, recipients: 2 });
    p.injection({ ...injected, message: 10, recipients: 1 });
    p.injection({ ...injected, message: 900_000_000, recipients: 1 });
    p.attempt({ ...accepted, message: 900_000_000, slot: 0 });
    p.attempt({ ...accepted, message: 9, slot: 1, isp: 1 });
  });
  assert.deepEqual(
    [...ledger.recipients()].sort((a, b) => a - b),
    [18, 19, 20, 900_000_010],
  );
  assert.deepEqual(
    [18, 19, 20, 900_000_010].map((r) => ledger.isp(r)),
    [0, 1, 1, 0],
  );
  assert.deepEqual(
    [18, 19, 20, 900_000_010].map((r) => ledger.accepted(r)),
    [0, 1, 0, 1],
  );
  assert.equal(ledger.acceptedAt(900_000_010), 9);
  assert.equal(ledger.acceptedFrom(900_000_010), 3);
  assert.equal(ledger.lastReply(18), NONE16);
  assert.equal(ledger.due(20), 7);
  assert.equal(ledger.strangers, 0);
});

test('a recipient that no record names is none of the run', () => {
  const ledger = ledgerOf((p) => p.injection({ ...injected, message: 3, recipients: 2 }));
  assert.deepEqual([...ledger.recipients()], [6, 7]);
  assert.equal(ledger.injection(5), undefined);
  assert.equal(ledger.isConfirmed(5), false);
});

test('a deferred injection is not the end of it', () => {
  const deferred = { ...injected, code: 451, state: 'deferred', message: 10, recipients: 1 } as const;
  assert.deepEqual([...ledgerOf((p) => p.injection(deferred)).recipients()], []);
  const ledger = ledgerOf((p) => {
    p.injection(deferred);
    p.injection({ ...injected, message: 10, recipients: 1 });
  });
  assert.equal(ledger.injection(20), 'confirmed');
});

test('a million recipients take less than 32 bytes each', () => {
  const ledger = ledgerOf((p) => {
    for (let message = 10; message < 1_000_010; message++)
      p.injection({ ...injected, message, recipients: 1 });
  });
  assert.ok(ledger.bytes / 1e6 < 32, `${ledger.bytes / 1e6} bytes a recipient`);
});

test('each delivered recipient of a confirmed injection is told of once, whichever of the two is known first', () => {
  const told: number[] = [];
  ledgerOf(
    (p) => {
      p.injection({ ...injected, message: 0, recipients: 2 });
      p.attempt({ ...accepted, message: 0, slot: 0, outcome: 'throttled' });
      p.attempt({ ...accepted, message: 0, slot: 0 });
      p.attempt({ ...accepted, message: 0, slot: 0 });
      p.attempt({ ...accepted, message: 1, slot: 1, isp: 1 });
      p.injection({ ...injected, message: 1, recipients: 2 });
      p.attempt({ ...accepted, message: 2, slot: 0 });
      p.injection({ ...injected, message: 2, recipients: 2, state: 'unconfirmed' });
      p.injection({ ...injected, message: 3, recipients: 2, state: 'unconfirmed' });
      p.attempt({ ...accepted, message: 3, slot: 0 });
    },
    (recipient) => void told.push(recipient),
  );
  assert.deepEqual(told, [0, 3]);
});
