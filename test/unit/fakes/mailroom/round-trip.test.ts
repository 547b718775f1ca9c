import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MALFORMED_SHAPES, malformed } from '../../../../fakes/feedback/forms/malformed.ts';
import { addresseeOf, returnedMail } from '../../../../fakes/feedback/forms/returned-mail.ts';
import type { ReturnedMail } from '../../../../fakes/feedback/mail.ts';
import { readMail } from '../../../../fakes/mailroom/read-mail.ts';
import {
  AOL_COMPLAINT,
  FEEDBACK_SAMPLES,
  subjectAbout,
  YAHOO_FAILURE_NOTICE,
  YAHOO_QMAIL_NOTICE,
} from '../../../support/feedback-samples.ts';

/** What the mailroom makes of it: kind, message and slot, `?` for what is not told. */
async function read({ text, recipient, sender }: ReturnedMail): Promise<string> {
  // As much as the mailroom keeps.
  const raw = Buffer.from(text, 'latin1').subarray(0, 1_000_000);
  const mail = await readMail(raw, recipient, { sender, cut: raw.length < text.length });
  const slots = mail.kind === 'dsn' ? mail.reports.map((one) => `${one.slot} ${one.action}`) : [mail.slot];
  return `${mail.kind} ${mail.message ?? '?'}.${slots.map((slot) => slot ?? '?').join()}`;
}

/** As Postfix hands it on: bare LFs have become line ends, and what is no field ends the header. */
function mended(text: string): string {
  const lines = text.split(/\r?\n/);
  const end = lines.findIndex((line) => !/^(?:[\w-]+:|[ \t])/.test(line));
  const body = lines.slice(lines[end] === '' ? end + 1 : end);
  return ['Received: from a by b;', ...lines.slice(0, end), '', ...body].join('\r\n');
}

// Slot 1 of message 42, among three recipients. Each form makes its choices by chance: five of them.
for (const { name, subject } of FEEDBACK_SAMPLES)
  for (const seed of [1, 2, 3, 4, 5])
    test(`what an ISP sends is read as what it was sent for: ${name}, ${seed}`, async () => {
      const { chance } = subjectAbout(subject.kind, { seed });
      const told = await read(returnedMail({ ...subject, chance }));
      assert.equal(told, subject.kind === 'bounce' ? 'dsn 42.1 failed' : `${subject.kind} 42.1`);
    });

for (const shape of MALFORMED_SHAPES)
  test(`what is malformed is counted as that: ${shape}`, async () => {
    for (const seed of [1, 2, 3]) {
      const subject = subjectAbout('malformed', { seed });
      const to = addresseeOf(subject);
      assert.ok(to !== undefined);
      const mail = malformed(subject, to, shape);
      assert.match(await read(mail), /^malformed 42\./);
      assert.match(await read({ ...mail, text: mended(mail.text) }), /^malformed 42\./);
    }
  });

test('forms that no ISP here sends are read all the same', async () => {
  assert.deepEqual(await Promise.all([YAHOO_FAILURE_NOTICE, YAHOO_QMAIL_NOTICE, AOL_COMPLAINT].map(read)), [
    'bounce 42.1',
    'bounce 42.1',
    'complaint 42.1',
  ]);
});
