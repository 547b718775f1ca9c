import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTemporary, type JobResult, Transaction } from '../../../src/driver/transaction.ts';

interface Row {
  readonly name: string;
  readonly mail: number;
  readonly rcpt: readonly number[];
  /** Other than 354; undefined: not asked, or 354. */
  readonly data?: number;
  readonly sent?: boolean;
  /** The last reply, 0 if the connection ended instead. */
  readonly last: number;
  readonly result: Pick<JobResult, 'state' | 'code'> & { readonly slots?: readonly number[][] };
  readonly temporary: boolean;
}

const ok = [250, 250];
const rows: Row[] = [
  {
    name: 'taken',
    mail: 250,
    rcpt: ok,
    sent: true,
    last: 250,
    result: { state: 'confirmed', code: 250 },
    temporary: false,
  },
  {
    name: 'will forward (251)',
    mail: 250,
    rcpt: [251, 250],
    sent: true,
    last: 250,
    result: { state: 'confirmed', code: 250 },
    temporary: false,
  },
  {
    name: 'taken for one',
    mail: 250,
    rcpt: [452, 250],
    sent: true,
    last: 250,
    result: { state: 'confirmed', code: 250, slots: [[0, 452]] },
    temporary: false,
  },
  {
    name: 'refused after the dot, for one it was refused before',
    mail: 250,
    rcpt: [550, 250],
    sent: true,
    last: 451,
    result: { state: 'refused', code: 451, slots: [[0, 550]] },
    temporary: true,
  },
  {
    name: 'MAIL refused; the pipelined RCPTs are out of order',
    mail: 552,
    rcpt: [503, 503],
    data: 503,
    last: 250,
    result: { state: 'refused', code: 552 },
    temporary: false,
  },
  {
    name: 'all refused, DATA with them',
    mail: 250,
    rcpt: [550, 551],
    data: 554,
    last: 250,
    result: {
      state: 'refused',
      code: 550,
      slots: [
        [0, 550],
        [1, 551],
      ],
    },
    temporary: false,
  },
  {
    name: 'all refused, one for now',
    mail: 250,
    rcpt: [550, 450],
    data: 503,
    last: 250,
    result: {
      state: 'refused',
      code: 550,
      slots: [
        [0, 550],
        [1, 450],
      ],
    },
    temporary: true,
  },
  {
    name: 'all refused, 354 and a lone dot, whatever is said of that',
    mail: 250,
    rcpt: [550, 550],
    last: 250,
    result: {
      state: 'refused',
      code: 550,
      slots: [
        [0, 550],
        [1, 550],
      ],
    },
    temporary: false,
  },
  {
    name: 'DATA refused, one recipient before it',
    mail: 250,
    rcpt: [550, 250],
    data: 452,
    last: 250,
    result: { state: 'refused', code: 452, slots: [[0, 550]] },
    temporary: true,
  },
  {
    name: 'the connection ended before the content',
    mail: 250,
    rcpt: [250],
    last: 0,
    result: { state: 'refused', code: 0 },
    temporary: true,
  },
  {
    name: 'the connection ended when not all were refused',
    mail: 250,
    rcpt: [550],
    last: 0,
    result: { state: 'refused', code: 0, slots: [[0, 550]] },
    temporary: true,
  },
  {
    name: 'the connection ended with 421 before the content',
    mail: 250,
    rcpt: [250],
    last: 421,
    result: { state: 'refused', code: 421 },
    temporary: true,
  },
  {
    name: 'the connection ended after the dot',
    mail: 250,
    rcpt: ok,
    sent: true,
    last: 0,
    result: { state: 'unconfirmed', code: 0 },
    temporary: false,
  },
  {
    name: '421 after the dot',
    mail: 250,
    rcpt: ok,
    sent: true,
    last: 421,
    result: { state: 'refused', code: 421 },
    temporary: true,
  },
];

test('replies decide a message', () => {
  for (const { name, mail, rcpt, data, sent, last, result, temporary } of rows) {
    const message = { sender: 's', recipients: ['a', 'b'], head: '', body: Buffer.alloc(0), eightBit: false };
    const transaction = new Transaction({ message: 1, due: 5 }, message, 10);
    transaction.mailAnswered(mail);
    for (const code of rcpt) transaction.recipientAnswered(code);
    if (data !== undefined) transaction.dataRefused(data);
    if (sent) transaction.contentSent = true;
    const ended = transaction.ended(last, 20);
    const { slots = [], ...rest } = result;
    assert.deepEqual(
      ended,
      {
        ...rest,
        sentAt: 10,
        doneAt: 20,
        recipients: 2,
        refusedSlots: slots.map(([slot, code]) => ({ slot, code })),
      },
      name,
    );
    assert.equal(isTemporary(ended), temporary, name);
  }
});
