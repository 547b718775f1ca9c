import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourcesOn } from '../../../../src/lab/ground/network.ts';
import { returnPathOf, returnsToMta } from '../../../../src/lab/returns/return-path.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { planRun } from '../../../../src/scenario/plan.ts';

const MAILROOM = {
  address: '198.18.0.25',
  port: 25,
  https: { address: '198.18.0.25', port: 443 },
};
const MTA = {
  submission: [
    { address: '127.0.0.1', port: 465, implicitTls: true },
    { address: '127.0.0.1', port: 2525, implicitTls: false },
  ],
};

const planOf = (isps: string, more = '', adapter = 'haraka') =>
  planRun(
    parseScenario(
      `# Where to?\nmta: { adapter: ${adapter}, sources: [198.18.128.1, 198.18.128.2] }\n${isps}\nload: { rate: 1/s, duration: 1s }\n${more}`,
      'test.yaml',
    ),
  );
const BACK = 'isps: { yahoo: { share: 100%, feedback: on } }';

test('what comes back goes to the MTA, where strangers find it, or to the mailroom', () => {
  const rows: [string, ReturnType<typeof planOf>, 'sealed' | 'loopback', typeof MTA | undefined, unknown][] =
    [
      ['in a seal', planOf(BACK), 'sealed', MTA, { address: '198.18.128.1', port: 25 }],
      ['without one', planOf(BACK), 'loopback', MTA, { address: '127.0.0.1', port: 2525 }],
      [
        'to the mailroom',
        planOf(BACK, 'feedback: { to: mailroom }'),
        'sealed',
        MTA,
        { address: '198.18.0.25', port: 25 },
      ],
      ['no MTA', planOf(BACK, '', 'none'), 'sealed', undefined, { address: '198.18.0.25', port: 25 }],
      ['nothing comes back', planOf('isps: { yahoo: { share: 100% } }'), 'sealed', MTA, undefined],
    ];
  for (const [name, plan, lab, mta, expected] of rows) {
    const back = returnPathOf(plan, { lab, sources: sourcesOn(lab, plan) }, MAILROOM, mta, 'PEM');
    assert.deepEqual(back?.mail, expected, name);
    if (!back) continue;
    assert.deepEqual(back.https, MAILROOM.https);
    assert.equal(back.feedbackAddress, `fbl@${plan.senders[0]?.domain}`);
    assert.equal(back.lab, lab);
  }
});

test('an MTA that what comes back goes to has to listen for strangers', () => {
  assert.equal(returnsToMta(planOf(BACK)), true);
  assert.equal(returnsToMta(planOf(BACK, 'feedback: { to: mailroom }')), false);
  assert.equal(returnsToMta(planOf('isps: { yahoo: { share: 100% } }')), false);
  assert.equal(returnsToMta(planOf(BACK, '', 'none')), false);
});
