/** What workers of an ISP learn from each other through its owner. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IspOwner } from '../../../../fakes/isp/isp-owner.ts';
import { IspPart } from '../../../../fakes/isp/isp-part.ts';
import { observe } from '../../../../fakes/isp/policy.ts';
import type { ResolvedIsp } from '../../../../fakes/isp/resolve.ts';
import { createState } from '../../../../fakes/isp/state.ts';
import { type Attempt, runSingle, runSplit } from '../../../support/split-policy.ts';
import { limitLine, testIsp } from './profiles-for-tests.ts';

const SECOND = 1e6;
/** Longer than what was said needs to reach all. */
const LATER = 50_000;

/** A connection to each of three workers, and then one MAIL and RCPT at each of these moments. */
function attempts(moments: readonly { readonly worker: number; readonly at: number }[]): Attempt[] {
  const hello = [0, 1, 2].map((worker): Attempt => {
    const event = {
      kind: 'connect',
      connection: worker,
      source: worker,
      client: `c${worker}`,
      netblock: 'n',
    } as const;
    return { at: 0, worker, event };
  });
  const mails = moments.flatMap(({ worker, at }): Attempt[] => [
    { at, worker, event: { kind: 'mail', connection: worker, sender: 'b@s.test', senderDomain: 's.test' } },
    { at, worker, event: { kind: 'rcpt', connection: worker, recipient: 'u1.0@isp.test' } },
  ]);
  return [...hello, ...mails];
}

/** Of each MAIL and RCPT whether it was accepted; on three workers as on one. */
function answers(
  isp: ResolvedIsp,
  moments: readonly { readonly worker: number; readonly at: number }[],
): boolean[][] {
  const all = attempts(moments);
  const split = runSplit(isp, 3, all, () => 1000);
  assert.deepEqual(split, runSingle(isp, all));
  return moments.map((_, n) => split.slice(3 + 2 * n, 5 + 2 * n));
}

const origin = 'source: test, mark: assumed';

test('a penalty that a domain earns at one worker holds at all, and ends at all', () => {
  const isp = testIsp(
    [limitLine('x', { key: 'connection', kind: 'window', count: 2, stage: 'mail', reply: 'T2' })],
    [],
    {},
    `penalties: { sender-domain: { on: [x], after: 2, per: 1m, forget: 1h, levels: [[{ for: 10s, reply: T11 }]], ${origin} } }\n`,
  );
  const earned = [0, 0, 0, 0].map((worker, n) => ({ worker, at: n * LATER }));
  const heard = answers(isp, [
    ...earned,
    { worker: 1, at: 4 * LATER },
    { worker: 2, at: 5 * SECOND },
    { worker: 1, at: 11 * SECOND },
  ]);
  assert.deepEqual(
    heard.map(([mail]) => mail),
    [true, true, false, false, false, false, true],
  );
});

test('a reputation that suffers at one worker makes limits smaller at all', () => {
  const isp = testIsp(
    [limitLine('x', { key: 'netblock', kind: 'window', count: 40, per: '1h', stage: 'mail', reply: 'T2' })],
    ['unknown: { share: 100%, reply: T5 }'],
    {},
    `reputation: { netblock: { recover: 1/d, weights: { unknown: -30 }, tiers: [{ below: 50, factor: 0, reply: T11 }], ${origin} } }\n`,
  );
  const heard = answers(isp, [
    { worker: 0, at: 0 },
    { worker: 1, at: LATER },
    { worker: 2, at: 2 * LATER },
  ]);
  assert.deepEqual(
    heard.map(([mail]) => mail),
    [true, true, false],
  );
});

test('who was greylisted by one worker may pass at another, after the delay', () => {
  const isp = testIsp([], [], { overrides: { greylist: { delay: '2s', lifetime: '1h', reply: 'T6' } } });
  const heard = answers(isp, [
    { worker: 0, at: 0 },
    { worker: 1, at: SECOND },
    { worker: 1, at: 2 * SECOND },
    { worker: 2, at: 3 * SECOND },
  ]);
  assert.deepEqual(
    heard.map(([, rcpt]) => rcpt),
    [false, false, true, true],
  );
});

test('a complaint at one worker counts against its domain at all, and so does its withdrawal at another', () => {
  for (const key of ['sender-domain', 'dkim-domain', 'netblock'] as const) {
    const isp = testIsp(
      [limitLine('x', { key, kind: 'window', count: 40, per: '1h', stage: 'mail', reply: 'T2' })],
      [],
      {},
      `reputation: { ${key}: { recover: 1/d, weights: { complaint: -30 }, tiers: [{ below: 50, factor: 0.5 }], ${origin} } }\n`,
    );
    const owner = new IspOwner(isp, 2);
    const parts = [0, 1].map((part) => {
      const state = createState(isp, { part, parts: 2 });
      state.clients.set(part, { client: `c${part}`, netblock: 's.test' });
      const own = new IspPart(
        state,
        { part, parts: 2 },
        () => {},
        () => {},
      );
      return { state, own };
    });
    const learn = (part: number, kind: 'complaint' | 'withdrawal'): void => {
      const about = { source: part, senderDomain: 's.test', dkimDomain: 's.test' };
      const { state, own } = parts[part] as (typeof parts)[number];
      observe(state, { kind, ...about }, SECOND);
      owner.report(part, own.report(SECOND), SECOND);
      owner.news().forEach((news, to) => {
        if (news) parts[to]?.own.hear(news, SECOND);
      });
    };
    const tiers = (): unknown[] =>
      parts.map(({ state }) => state.standings[key].known.get('s.test')?.spell.tier?.below);
    learn(0, 'complaint');
    assert.deepEqual(tiers(), [undefined, undefined], key);
    learn(1, 'complaint');
    assert.deepEqual(tiers(), [50, 50], key);
    learn(1, 'withdrawal');
    assert.deepEqual(tiers(), [undefined, undefined], key);
  }
});
