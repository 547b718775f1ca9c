import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { createLabResolver } from '../../../../fakes/isp/lab-resolver.ts';
import { buildZones } from '../../../../fakes/zones.ts';
import type { ContentPlan } from '../../../../src/driver/message/content.ts';
import { DKIM_KINDS } from '../../../../src/driver/message/dkim.ts';
import type { MessagePlan } from '../../../../src/driver/message.ts';
import { makeSigningKeys } from '../../../../src/lab/ground/signing-keys.ts';
import { messagesOf, received, wireText } from '../../../support/message-maker.ts';
import { STAMP } from '../../../support/message-plan.ts';

const { keys, records } = makeSigningKeys(DKIM_KINDS);
const stamp = { ...STAMP, keys };
const resolver = createLabResolver(
  buildZones({
    isps: [],
    senders: ['a.test', 'b.test'].map((domain) => ({
      domain,
      spf: null,
      dkim: records,
      dmarc: null,
      mx: [],
    })),
    sources: [],
  }),
);
const senders = [
  { domain: 'a.test', signed: true },
  { domain: 'b.test', signed: true },
];

const dotted = '.\n..\n.hidden {{recipient}}\n{{mailbox}}.\nGrüße  two blanks \n';
const file = (text: string): ContentPlan => ({ kind: 'eml', files: [{ file: 'a.eml', text }] });
const CONTENTS: Record<string, ContentPlan> = {
  text: { kind: 'text', text: dotted },
  html: { kind: 'html', text: dotted, html: `<body>\n.x {{domain}}</body>\n.after\n` },
  attachment: { kind: 'attachment', text: dotted, html: undefined },
  'attachment and html': { kind: 'attachment', text: dotted, html: '<p>.</p>' },
  eml: file('Subject: x\n folded  twice\nSubject: y\nReply-To: z@a.test\n\n.dot\nGr\xfc\xdfe\n\n\n'),
  'eml without a body': file('Subject: x\n'),
  'eml of empty lines': file('Subject: x\n\n\n\n\n'),
};

/** What a verifier finds, signature by signature. */
async function verified(message: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(message, { resolver: resolver.resolve, minBitLength: 1024 });
  return results.map(
    ({ status, signingDomain, selector }) => `${status.result} ${signingDomain} ${selector}`,
  );
}

for (const dkim of DKIM_KINDS) {
  test(`signatures with ${dkim} pass, whatever is signed`, async () => {
    for (const [name, content] of Object.entries(CONTENTS)) {
      for (const recipients of [1, 3, 100]) {
        for (const bytes of [1, 2000, 50_000]) {
          const make = await messagesOf(
            {
              content,
              recipients,
              dkim,
              senders,
              size: { kind: 'uniform', min: bytes, max: bytes },
              headers: [
                { name: 'X-Job', value: '{{load}}' },
                { name: 'Feedback-ID', value: 'spring:{{domain}}:news:sender-1' },
              ],
              unsubscribe: 'one-click',
            },
            stamp,
          );
          for (const n of [0, 1]) {
            const message = received(make(n));
            assert.deepEqual(
              await verified(message),
              [`pass ${senders[n]?.domain} ${dkim}`],
              `${name}, ${recipients} recipients, ${bytes} bytes`,
            );
          }
        }
      }
    }
  });

  test(`a message signed with ${dkim} is as large as one that is not`, async () => {
    const plan = { senders, size: { kind: 'uniform', min: 8000, max: 8000 } } satisfies Partial<MessagePlan>;
    const signed = received((await messagesOf({ ...plan, dkim }, stamp))(1)).length;
    assert.ok(signed <= 8000 && signed > 8000 - 74, `${signed} bytes`);
  });
}

test('a signature covers what unsubscribes, and not what an MTA takes out', async () => {
  const headers = [{ name: 'x-virtual-mta', value: '{{vmta}}' }];
  const make = await messagesOf({ dkim: 'ed25519', unsubscribe: 'one-click', headers, senders }, stamp);
  const text = received(make(0)).toString('latin1');
  assert.deepEqual(await verified(Buffer.from(text.replace(/^x-virtual-mta.*\r\n/m, ''), 'latin1')), [
    'pass a.test ed25519',
  ]);
  for (const spoilt of [
    text.replace('unsubscribe/0', 'unsubscribe/1'),
    text.replace('One-Click', 'Two-Click'),
  ])
    assert.deepEqual(await verified(Buffer.from(spoilt, 'latin1')), ['fail a.test ed25519']);
});

test('who is not to be signed is not', async () => {
  const mixed = [{ domain: 'a.test', signed: false }, ...senders.slice(1)];
  const make = await messagesOf({ dkim: 'rsa-2048', senders: mixed }, stamp);
  assert.doesNotMatch(wireText(make(0)), /DKIM/);
  assert.match(wireText(make(1)), /^DKIM-Signature: /);
  assert.doesNotMatch(wireText((await messagesOf({ senders }, stamp))(0)), /DKIM/);
});

test('a signature without a key is a mistake', async () => {
  await assert.rejects(messagesOf({ dkim: 'ed25519' }), /no ed25519 key/);
});
