import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openInteropLab } from '../support/interop-lab.ts';

const SOURCE = '198.18.128.1';
const MESSAGES = 200;
const SESSIONS = 4;

/** Nothing refuses, and no connection is closed early. */
const scenario = `
seed: 1
mta: { adapter: none, sources: [${SOURCE}] }
isps:
  gmail: { limits: { ip-rate: 1000/s, domain-rate: 1000/s }, mailboxes: { unknown: 0, full: 0, disabled: 0 } }
  yahoo: { limits: { ip-rate: 1000/s, messages-per-connection: 1000 }, mailboxes: { unknown: 0, full: 0, disabled: 0 } }
  outlook: { limits: { ip-rate: 1000/s }, mailboxes: { unknown: 0, full: 0, disabled: 0 } }
load: { rate: 1/s, duration: 1s }
`;

const hosts = {
  gmail: ['gmail-smtp-in.l.google.com', 'gmail.com'],
  yahoo: ['mta5.am0.yahoodns.net', 'yahoo.com'],
  outlook: ['outlook-com.olc.protection.outlook.com', 'outlook.com'],
} as const;

test(`smtp-source: ${MESSAGES} messages over ${SESSIONS} sessions to each ISP, and each counts as many`, async (t) => {
  const lab = await openInteropLab(t, scenario, ['smtp-source']);
  if (!lab) return;
  for (const [id, [host, domain]] of Object.entries(hosts)) {
    await t.test(id, async () => {
      const sender = 'b-1@news.sender.test';
      const envelope = ['-M', 'out1.sender.test', '-f', sender, '-t', `u@${domain}`, '-N'];
      const amount = ['-m', `${MESSAGES}`, '-s', `${SESSIONS}`, '-l', '2000', '-d', '-c'];
      const { code, stdout, stderr } = await lab.run(['smtp-source', ...amount, ...envelope, `${host}:25`]);
      assert.equal(code, 0, stderr);
      // The running counter is drawn over itself.
      assert.equal(stdout.trim().split('\r').at(-1), `${MESSAGES}`);
      const seen = (await lab.observe()).isps[id];
      assert.deepEqual(seen?.connections, Array(SESSIONS).fill({ source: SOURCE, reply: undefined }));
      const outcomes = seen?.transactions.map(({ outcome, recipients }) => ({ outcome, recipients }));
      assert.deepEqual(outcomes, Array(MESSAGES).fill({ outcome: 'accepted', recipients: 1 }));
      const recipients = seen?.attempts.map(({ recipient = '' }) => recipient) ?? [];
      assert.equal(new Set(recipients).size, MESSAGES);
      assert.deepEqual(
        seen?.attempts.filter((a) => a.outcome !== 'accepted' || a.sender !== sender),
        [],
      );
      assert.ok(seen?.transactions.every(({ bytes }) => bytes > 2000 && bytes < 2500));
    });
  }
});
