import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DsnMail, OtherMail } from '../../../../fakes/mailroom/mailroom.ts';
import { MailRecorder } from '../../../../src/lab/returns/recording-mail.ts';
import {
  DSN_ACTIONS,
  FEEDBACK_KINDS,
  FEEDBACK_STATES,
  Kind,
  NO_ISP,
  NONE16,
  NONE32,
  Packer,
  RecordView,
} from '../../../../src/record/attempt-log.ts';
import type { LoadModel } from '../../../../src/record/run-model.ts';
import { report } from '../../../support/dsn-samples.ts';

/** Messages 0 to 9 have one recipient, 10 to 19 three (mailboxes 10 to 39), 20 to 29 one of a few mailboxes each. */
const LOADS: readonly LoadModel[] = [
  { name: 'one', firstMessage: 0, messages: 10, recipientsPerMessage: 1, firstRecipient: 0, ispOf: () => 0 },
  {
    name: 'three',
    firstMessage: 10,
    messages: 10,
    recipientsPerMessage: 3,
    firstRecipient: 10,
    ispOf: (_, slot) => slot % 2,
  },
  {
    name: 'again',
    firstMessage: 20,
    messages: 10,
    recipientsPerMessage: 1,
    firstRecipient: 40,
    repeatAfter: 5,
    ispOf: () => 1,
  },
];

function recorded(tell: (recorder: MailRecorder) => void): string[] {
  const packer = new Packer();
  tell(
    new MailRecorder(
      packer,
      LOADS,
      ['Mail Delivery <Mailer-Daemon@googlemail.com>', undefined],
      'MTA.sender.test',
    ),
  );
  const bytes = packer.take();
  if (!bytes) return [];
  const view = new RecordView(bytes);
  return Array.from({ length: view.count }, (_, index) => {
    view.index = index;
    assert.equal(view.at, 5);
    const whom = `${view.message === NONE32 ? '?' : view.message}.${view.slot === NONE16 ? '?' : view.slot}`;
    const isp = view.isp === NO_ISP ? '' : ` of ${view.isp}`;
    return view.kind === Kind.dsn
      ? `dsn ${whom} ${DSN_ACTIONS[view.outcome]}`
      : `${FEEDBACK_KINDS[view.feedbackKind]} ${whom} ${FEEDBACK_STATES[view.outcome]}${isp}`;
  });
}

const complaint: OtherMail = {
  kind: 'complaint',
  message: 12,
  slot: 1,
  mailbox: 17,
  from: 'staff@hotmail.com',
  envelopeRecipient: 'fbl@news.sender.test',
};

test('what was received is recorded with the recipient as far as it is told', () => {
  const rows: [name: string, about: Partial<OtherMail>, expected: string[]][] = [
    ['message and slot', {}, ['complaint 12.1 received of 1']],
    ['no slot: not of three', { slot: undefined, mailbox: undefined }, ['complaint 12.? received']],
    ['no slot: of one', { message: 3, slot: undefined, mailbox: undefined }, ['complaint 3.0 received of 0']],
    [
      'a mailbox alone',
      { message: undefined, slot: 2, mailbox: 18, kind: 'auto-reply' },
      ['auto-reply 12.2 received of 0'],
    ],
    [
      'a mailbox that is written to again and again',
      { message: undefined, slot: 0, mailbox: 44 },
      ['complaint ?.? received'],
    ],
    [
      'nothing',
      { kind: 'malformed', message: undefined, slot: undefined, mailbox: undefined },
      ['malformed ?.? received'],
    ],
    ['a message that was never planned', { message: 4_294_967_300 }, ['complaint ?.? received']],
    ['a slot that was never planned', { slot: 3 }, ['complaint 12.? received']],
    ['a mail of nobody', { kind: 'other' }, []],
  ];
  for (const [name, about, expected] of rows)
    assert.deepEqual(
      recorded((recorder) => recorder.other(5, { ...complaint, ...about })),
      expected,
      name,
    );
});

test('a DSN is recorded for each recipient; if the ISP itself has sent it, the bounce was received', () => {
  const failed = report('u10.0@gmail.com', 'failed', '5.1.1', undefined);
  const dsn: DsnMail = {
    message: 10,
    reports: [failed],
    from: 'mailer-daemon@googlemail.com',
    reportingMta: 'googlemail.com',
    envelopeRecipient: 'b-10@news.sender.test',
  };
  const other = report('u11.1@yahoo.com', 'failed', '5.1.1', undefined);
  const rows: [name: string, about: Partial<DsnMail>, expected: string[]][] = [
    ['of the ISP', {}, ['dsn 10.0 failed', 'bounce 10.0 received of 0']],
    ['delayed', { reports: [{ ...failed, action: 'delayed' }] }, ['dsn 10.0 delayed']],
    ['of somebody else', { from: 'mailer-daemon@mta.sender.test' }, ['dsn 10.0 failed']],
    ['of the MTA, whatever it calls itself', { reportingMta: 'mta.sender.test' }, ['dsn 10.0 failed']],
    ['of nobody', { from: undefined }, ['dsn 10.0 failed']],
    [
      'about two recipients, one of another ISP',
      { reports: [failed, other] },
      ['dsn 10.0 failed', 'bounce 10.0 received of 0', 'dsn 10.1 failed'],
    ],
    ['about a mailbox alone', { message: undefined }, ['dsn 10.0 failed', 'bounce 10.0 received of 0']],
    ['about nobody of the run', { message: 9_999_999_999 }, []],
    ['about no recipient', { reports: [{ ...failed, slot: undefined, mailbox: undefined }] }, []],
  ];
  for (const [name, about, expected] of rows)
    assert.deepEqual(
      recorded((recorder) => recorder.dsn(5, { ...dsn, ...about })),
      expected,
      name,
    );
});
