import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kind, NONE16, Packer, RecordView } from '../../../src/record/attempt-log.ts';
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

/** Sources 3 and 4 are of one virtual MTA. */
const VMTAS = [0, 1, 2, 3, 3, 5];

function ledgerOf(
  pack: (packer: Packer) => void,
  onDelivered?: (recipient: number) => void,
  vmtas: readonly number[] = VMTAS,
): Ledger {
  const packer = new Packer();
  pack(packer);
  const view = new RecordView(packer.take() as Uint8Array);
  const ledger = new Ledger(loads, vmtas);
  ledger.onDelivered = onDelivered;
  for (view.index = 0; view.index < view.count; view.index++) {
    if (view.kind === Kind.injection) ledger.addInjection(view);
    else if (view.kind === Kind.replyLost) ledger.addReplyLost(view);
    else if (view.kind === Kind.mark) ledger.addRestart(view.at);
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
  assert.deepEqual([...ledger.recipients()], [18, 19, 20, 900_000_010]);
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
  assert.equal(ledger.lastAnswer(18), 'none');
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

/** Acceptances by their moments, in the order told; a moment below 0 is one whose reply was lost. */
const REPEATED: readonly [string, readonly number[], boolean][] = [
  ['delivered once', [1], false],
  ['delivered once, the reply lost', [-1], false],
  ['delivered again after a reply that was read', [1, 2], true],
  ['delivered again after a reply that was lost', [-1, 2], false],
  ['delivered again, and that reply lost', [1, -2], true],
  ['every reply lost', [-1, -2, -3], false],
  ['read at last', [-1, -2, 3], false],
  ['read, and delivered once more', [-1, 2, 3], true],
  ['read between two that were lost', [-1, 2, -3], true],
  ['read at last, told first', [3, -1, -2], false],
  ['read between two that were lost, told last', [-1, -3, 2], true],
  ['lost, told after one that was read', [2, -1], false],
  ['delivered 300 times', Array.from({ length: 300 }, (_, i) => i + 1), true],
];

test('an MTA repeats a delivery knowingly if it can have read a 250 before the last one', () => {
  for (const [name, moments, knowingly] of REPEATED) {
    const ledger = ledgerOf((p) => {
      for (const moment of moments) {
        const at = Math.abs(moment);
        p.attempt({ ...accepted, at, message: 10, slot: 0 });
        if (moment < 0) p.replyLost({ at, isp: 0, source: 3, message: 10, slot: 0, connection: 1 });
      }
    });
    assert.equal(ledger.repeated(20), knowingly ? 'knowingly' : 'unknowingly', name);
    assert.equal(ledger.acceptedAt(20), Math.min(...moments.map(Math.abs)), name);
  }
});

const RESTARTED: readonly [string, readonly (number | 'restart')[], ReturnType<Ledger['repeated']>][] = [
  ['read, and again in a new life', [1, 'restart', 2], 'after a restart'],
  ['lost, and again in a new life', [-1, 'restart', 2], 'after a restart'],
  ['twice in the first life', [1, 2, 'restart'], 'knowingly'],
  ['twice in the second life', ['restart', 1, 2], 'knowingly'],
  ['lost in one life', ['restart', -1, 2], 'unknowingly'],
  ['in three lives', [1, 'restart', 2, 'restart', 3], 'after a restart'],
  ['again, and once more knowingly', [1, 'restart', 2, 3], 'knowingly'],
  ['knowingly, and in a new life', [1, 2, 'restart', 3], 'knowingly'],
  ['again, and once more unknowingly', [1, 'restart', -2, 3], 'after a restart'],
  ['lost, again in a new life, and once more knowingly', [-1, 'restart', 2, 3], 'knowingly'],
];

test('what an MTA delivers again after it was started anew, it may have forgotten', () => {
  for (const [name, moments, expected] of RESTARTED) {
    let now = 0;
    const events = (p: Packer): void => {
      for (const moment of moments) {
        const at = ++now;
        if (moment === 'restart') p.mark({ at, name: 'mta_starting', fault: 0 });
        else p.attempt({ ...accepted, at, message: 10, slot: 0 });
        if (typeof moment === 'number' && moment < 0)
          p.replyLost({ at, isp: 0, source: 3, message: 10, slot: 0, connection: 1 });
      }
    };
    assert.equal(ledgerOf(events).repeated(20), expected, name);
  }
});

test('the last answer is that of the last attempt, in whatever order they are told', () => {
  const rejected = { ...accepted, message: 10, slot: 0, outcome: 'rejected' } as const;
  const throttled = { ...rejected, outcome: 'throttled' } as const;
  const inOrder = ledgerOf((p) => {
    p.attempt({ ...throttled, at: 1 });
    p.attempt({ ...rejected, at: 2 });
  });
  const outOfOrder = ledgerOf((p) => {
    p.attempt({ ...rejected, at: 2 });
    p.attempt({ ...throttled, at: 1 });
    p.replyLost({ at: 1, isp: 0, source: 3, message: 10, slot: 0, connection: 1 });
  });
  assert.deepEqual([inOrder.lastAnswer(20), outOfOrder.lastAnswer(20)], ['5xx', '5xx']);
  const acceptedFirst = ledgerOf((p) => {
    p.attempt({ ...accepted, at: 2, message: 10, slot: 0 });
    p.attempt({ ...rejected, at: 3 });
    p.attempt({ ...throttled, at: 1 });
  });
  assert.deepEqual(
    [acceptedFirst.lastAnswer(20), acceptedFirst.acceptedAt(20), acceptedFirst.attempts(20)],
    ['accepted', 2, 3],
  );
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

/** Attempts by moment and source, in the order told; then what the ledger makes of them. */
const LEFT_FROM: readonly [
  name: string,
  attempts: readonly (readonly [at: number, source: number])[],
  first: number,
  changes: string,
][] = [
  ['tried once', [[1, 3]], 3, 'none'],
  [
    'twice from one address',
    [
      [1, 3],
      [2, 3],
    ],
    3,
    '1: 0 of source, 0 of virtual MTA',
  ],
  [
    'from another address of its virtual MTA',
    [
      [1, 3],
      [2, 4],
    ],
    3,
    '1: 1 of source, 0 of virtual MTA',
  ],
  [
    'from another virtual MTA',
    [
      [1, 3],
      [2, 5],
    ],
    3,
    '1: 1 of source, 1 of virtual MTA',
  ],
  [
    'from an address of nobody',
    [
      [1, 3],
      [2, NONE16],
    ],
    3,
    '1: 1 of source, 1 of virtual MTA',
  ],
  [
    'the later one told first',
    [
      [2, 5],
      [1, 3],
    ],
    3,
    '1: 1 of source, 1 of virtual MTA',
  ],
  [
    'there and back',
    [
      [1, 3],
      [2, 5],
      [3, 3],
    ],
    3,
    '2: 1 of source, 1 of virtual MTA',
  ],
];

test('every retry is compared with the first attempt, whichever is told first', () => {
  for (const [name, attempts, first, changes] of LEFT_FROM) {
    const ledger = ledgerOf((p) => {
      for (const [at, source] of attempts)
        p.attempt({ ...accepted, outcome: 'deferred', at, source, message: 10, slot: 0 });
    });
    assert.equal(ledger.firstFrom(20), first, name);
    assert.deepEqual(
      [...(ledger.firsts.get(0) ?? [])].filter(([, count]) => count !== 0),
      [[first, 1]],
      name,
    );
    const found = ledger.retries.get(0);
    const text = found
      ? `${found.retries}: ${found.fromOtherSource} of source, ${found.fromOtherVmta} of virtual MTA`
      : 'none';
    assert.equal(text, changes, name);
  }
});

test('a source without a virtual MTA is its own', () => {
  const ledger = ledgerOf(
    (p) => {
      p.attempt({ ...accepted, outcome: 'deferred', message: 10, slot: 0, at: 1 });
      p.attempt({ ...accepted, message: 10, slot: 0, at: 2, source: 4 });
    },
    undefined,
    [],
  );
  assert.deepEqual(ledger.retries.get(0), { retries: 1, fromOtherSource: 1, fromOtherVmta: 1 });
});
