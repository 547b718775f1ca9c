import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyedChance } from '../../../../src/core/chance.ts';
import { createPrng } from '../../../../src/core/prng.ts';
import { scriptPlanOf } from '../../../../src/driver/k6/prepare.ts';
import { createScriptMessages } from '../../../../src/driver/k6/script/message.ts';
import type { ScriptPlan } from '../../../../src/driver/k6/script-plan.ts';
import { type LoadPlan, plainLoad } from '../../../../src/driver/load.ts';
import type { ContentPlan } from '../../../../src/driver/message/content.ts';
import { createMessages } from '../../../../src/driver/message.ts';
import { createRecipients } from '../../../../src/driver/recipients.ts';
import { k6Plan } from '../../../support/k6/plan.ts';
import { received } from '../../../support/message-maker.ts';
import { messagePlan, STAMP } from '../../../support/message-plan.ts';

/** Lines that dot-stuffing makes longer, by more than half a line of the filler. */
const DOTS = '\n.'.repeat(40);

const words = fc.constantFrom('News', '.dot', '\n.', '=', 'Grüße', 'x'.repeat(90), '{{mailbox}}', '\n', '..');
const text = fc.array(words, { minLength: 1, maxLength: 20 }).map((list) => list.join(' '));
const file = fc.record({
  file: fc.constant('a.eml'),
  text: fc.array(fc.constantFrom('.', 'word', '{{sender}}', ''), { maxLength: 9 }).map((body) => {
    return `Subject: as it is {{message}}\r\nBcc: hidden@elsewhere.test\r\n\r\n${body.join('\r\n')}`;
  }),
});
const content: fc.Arbitrary<ContentPlan> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('html' as const), text, html: text.map((t) => `<body>${t}</body>${DOTS}`) }),
  fc.record({ kind: fc.constant('attachment' as const), text, html: fc.option(text, { nil: undefined }) }),
  fc.record({ kind: fc.constant('eml' as const), files: fc.array(file, { minLength: 1, maxLength: 3 }) }),
);
const size = fc.oneof(
  fc.record({ kind: fc.constant('uniform' as const), min: fc.constant(1), max: fc.nat(30_000) }),
  fc.record({
    kind: fc.constant('log-normal' as const),
    median: fc.constant(4000),
    p95: fc.constant(20_000),
    max: fc.constant(30_000),
  }),
  fc.constant({
    kind: 'list' as const,
    sizes: [
      { bytes: 900, weight: 1 },
      { bytes: 9000, weight: 2 },
    ],
  }),
);

/** The load's messages as k6 makes them, from a plan that has been through JSON. */
async function scripted(load: LoadPlan, seed: number) {
  const plan = JSON.parse(JSON.stringify(await scriptPlanOf({ ...k6Plan([load], { seed }), summary: '' })));
  const { chance, loads } = plan as ScriptPlan;
  return createScriptMessages(loads[0] as ScriptPlan['loads'][number], keyedChance(chance));
}

test('k6 hands over what the SMTP driver does, for every seed, size, content and number of recipients', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        content,
        size,
        recipients: fc.integer({ min: 1, max: 5 }),
        unsubscribe: fc.constantFrom('one-click', 'mailto', 'none'),
        subject: text.map((t) => t.replaceAll('\n', '')),
        seed: fc.nat(),
        mailboxes: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        numbers: fc.array(fc.nat(1e6), { minLength: 1, maxLength: 5 }),
      }),
      async ({ content, size, recipients, unsubscribe, subject, seed, mailboxes, numbers }) => {
        const base = plainLoad({ executor: 'constant-vus', vus: 1, duration: 1e6 }, 2e6);
        const load: LoadPlan = {
          ...base,
          recipients: {
            ...base.recipients,
            isps: [
              { share: 2, domains: [{ name: 'gmail.com', weight: 1 }] },
              {
                share: 1,
                domains: [
                  { name: 'yahoo.com', weight: 3 },
                  { name: 'aol.com', weight: 1 },
                ],
              },
            ],
            perMessage: recipients,
            ispPer: 'recipient',
            firstMessage: 7000,
            firstMailbox: 90_000,
            repeatAfter: mailboxes,
          },
          message: messagePlan({
            content,
            size,
            recipients,
            unsubscribe,
            headers: [
              { name: 'Subject', value: `s${subject}` },
              { name: 'x-virtual-mta', value: '{{vmta}}' },
            ],
            vmtas: ['vmta1', 'vmta2'],
            senders: [
              { domain: 'news.sender.test', signed: true },
              { domain: 'bulk.sender.test', signed: false },
            ],
          }),
        };
        const prng = createPrng(seed);
        const bySmtp = await createMessages(
          load.message,
          createRecipients(load.recipients, prng),
          prng,
          STAMP,
        );
        const byK6 = await scripted(load, seed);
        for (const n of numbers) {
          const message = bySmtp(7000 + n);
          assert.deepEqual(byK6.message(7000 + n), {
            sender: message.sender,
            recipients: message.recipients,
            content: received(message).toString('latin1'),
          });
        }
      },
    ),
    { numRuns: 200 },
  );
});
