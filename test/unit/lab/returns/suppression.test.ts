import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_FOLLOW_UP } from '../../../../src/core/identity.ts';
import { modelOf } from '../../../../src/lab/folder/report-input.ts';
import { listensForNews, NewsDesk } from '../../../../src/lab/returns/suppression.ts';
import { type FeedbackKind, NEWS, NONE16, Packer, RecordView } from '../../../../src/record/attempt-log.ts';
import { parseScenario } from '../../../../src/scenario/load.ts';
import { type Plan, planRun } from '../../../../src/scenario/plan.ts';

function planned(suppression: string, load = ''): Plan {
  return planRun(
    parseScenario(
      `mta: { adapter: haraka }\nisps: { gmail: {}, yahoo: {} }\nload: { rate: 100/s, duration: 60s ${load} }\n${suppression}`,
      's.yaml',
    ),
  );
}

/** A run's records, its replies by id. */
class Desk {
  readonly #plan: Plan;
  readonly #desk: NewsDesk;
  readonly #replies: readonly string[];

  constructor(plan: Plan, sendsDsn = true) {
    this.#plan = plan;
    this.#desk = new NewsDesk({ plan, loads: modelOf(plan).loads, sendsDsn });
    this.#replies = plan.isps.flatMap(({ resolved }) => resolved.replies.map(({ id }) => id));
  }

  rejected(message: number, reply: string, slot = 0): this {
    const at = { at: 0, isp: 0, source: 0, message, slot, connection: 1 };
    return this.#take((events) =>
      events.attempt({ ...at, reply: this.#replies.indexOf(reply), stage: 'rcpt', outcome: 'rejected' }),
    );
  }

  reported(message: number, action: 'failed' | 'delayed' = 'failed'): this {
    return this.#take((events) => events.dsn({ at: 0, message, slot: 0, action }));
  }

  back(message: number, kind: FeedbackKind, state: 'due' | 'sent' | 'received' = 'sent'): this {
    return this.#take((events) =>
      events.feedback({ at: 0, isp: 0, source: 0, message, slot: 0, kind, state }),
    );
  }

  /** What is new: `message news first+count`, and the moments at which what follows is due. */
  tell(at: number, confirmed: number): { news: string[]; due: number[] } {
    const packer = new Packer();
    const orders = this.#desk.tell(packer, at, confirmed);
    const view = new RecordView(packer.take() ?? new Uint8Array());
    const news: string[] = [];
    for (view.index = 0; view.index < view.count; view.index++) {
      assert.equal(view.at, at);
      const first = view.followUps === 0 ? 0 : view.firstFollowUp - FIRST_FOLLOW_UP;
      news.push(`${view.message} ${NEWS[view.outcome]} ${first}+${view.followUps}`);
    }
    assert.ok(this.#plan);
    return { news, due: orders.map(({ due }) => due) };
  }

  #take(pack: (events: Packer) => void): this {
    const packer = new Packer();
    pack(packer);
    this.#desk.take(packer.take() as Uint8Array);
    return this;
  }
}

const TWICE = 'suppression: { times: 2, every: 2s, delay: 1s }';

test('whether a run listens at all', () => {
  const rows: [string, string, boolean][] = [
    ['', '', false],
    [TWICE, '', true],
    ['', ', mailboxes: 10', true],
  ];
  for (const [suppression, load, listens] of rows) {
    const plan = planned(suppression, load);
    assert.equal(listensForNews(plan, modelOf(plan).loads), listens);
  }
});

const rows: [string, (desk: Desk) => Desk, string[], sendsDsn?: boolean][] = [
  ['an unknown user, and no report yet', (desk) => desk.rejected(3, 'G15'), []],
  ['an unknown user that was reported', (desk) => desk.rejected(3, 'G15').reported(3), ['3 bounce 0+2']],
  ['a report that comes first', (desk) => desk.reported(3).rejected(3, 'G15'), ['3 bounce 0+2']],
  [
    'an unknown user of an MTA that never reports',
    (desk) => desk.rejected(3, 'G15'),
    ['3 bounce 0+2'],
    false,
  ],
  ['the same twice', (desk) => desk.rejected(3, 'G15').rejected(3, 'G15'), ['3 bounce 0+2'], false],
  ['a report of a delay', (desk) => desk.rejected(3, 'G15').reported(3, 'delayed'), []],
  ['a 5xx about the sender', (desk) => desk.rejected(3, 'G50').reported(3), []],
  ['a report without a 5xx', (desk) => desk.reported(3), []],
  ['a 5xx that names nobody', (desk) => desk.rejected(3, 'G15', NONE16), [], false],
  ['a complaint that was handed over', (desk) => desk.back(3, 'complaint'), ['3 complaint 0+2']],
  ['a complaint that is still to be', (desk) => desk.back(3, 'complaint', 'due'), []],
  ['a complaint that was read', (desk) => desk.back(3, 'complaint', 'received'), []],
  ['a bounce after the dot', (desk) => desk.back(3, 'bounce'), ['3 bounce 0+2']],
  ['an unsubscribe', (desk) => desk.back(3, 'unsubscribe'), ['3 unsubscribe 0+2']],
  ['an answer of a machine', (desk) => desk.back(3, 'auto-reply'), []],
  [
    'one who complains and unsubscribes',
    (desk) => desk.back(3, 'complaint').back(3, 'unsubscribe'),
    ['3 complaint 0+2'],
  ],
  [
    'two who complain',
    (desk) => desk.back(3, 'complaint').back(4, 'complaint'),
    ['3 complaint 0+2', '4 complaint 2+2'],
  ],
  [
    'a complaint that was taken back, twice',
    (desk) => desk.back(3, 'complaint').back(3, 'withdrawal').back(3, 'withdrawal'),
    ['3 complaint 0+2', '3 withdrawal 2+2'],
  ],
  [
    'a complaint that was taken back, and one about what came after that',
    (desk) =>
      desk
        .back(3, 'complaint')
        .back(3, 'withdrawal')
        .back(FIRST_FOLLOW_UP + 2, 'complaint')
        .back(FIRST_FOLLOW_UP + 3, 'complaint'),
    ['3 complaint 0+2', '3 withdrawal 2+2', '3 complaint 0+0'],
  ],
  ['a complaint taken back that nobody made', (desk) => desk.back(3, 'withdrawal'), []],
  ['news about what followed news', (desk) => desk.back(FIRST_FOLLOW_UP, 'complaint'), []],
];
for (const [name, tell, news, sendsDsn = true] of rows) {
  test(`what is news: ${name}`, () => {
    const desk = tell(new Desk(planned(TWICE), sendsDsn));
    assert.deepEqual(desk.tell(5e6, 1000).news, news);
    assert.deepEqual(desk.tell(6e6, 1000).news, []);
  });
}

test('what follows is due from the news on, and only if all of it is due before the load ends', () => {
  const desk = new Desk(planned(TWICE));
  assert.deepEqual(desk.back(1, 'complaint').tell(57e6, 1000), {
    news: ['1 complaint 0+2'],
    due: [58e6, 60e6],
  });
  assert.deepEqual(desk.back(2, 'complaint').tell(57.1e6, 1000), { news: [], due: [] });
});

test('a tenth of what the loads have handed over at most, a third of that for each kind of news', () => {
  const desk = new Desk(planned(TWICE));
  for (let message = 0; message < 10; message++) desk.back(message, 'complaint').back(20 + message, 'bounce');
  // 120 messages: 12 may follow, 4 for each kind.
  assert.deepEqual(desk.tell(1e6, 120).news, [
    '0 complaint 0+2',
    '20 bounce 2+2',
    '1 complaint 4+2',
    '21 bounce 6+2',
  ]);
  // Who had no place then has none later.
  assert.deepEqual(desk.back(12, 'complaint').back(13, 'complaint').tell(2e6, 180).news, [
    '12 complaint 8+2',
  ]);
});

test('so many recipients at most, shared out among the kinds of news', () => {
  const desk = new Desk(planned('suppression: { times: 1, of: [complaint, bounce], most: 3 }'));
  for (let message = 0; message < 10; message++)
    desk.back(message, 'complaint').back(20 + message, 'unsubscribe');
  assert.deepEqual(desk.tell(1e6, 1000).news, ['0 complaint 0+1', '1 complaint 1+1']);
});

test('of a load that writes to its mailboxes again all are known, each once', () => {
  const desk = new Desk(planned('', ', mailboxes: 10'), false);
  desk.rejected(3, 'G15').rejected(13, 'G15').rejected(24, 'G15').back(5, 'complaint').back(15, 'withdrawal');
  assert.deepEqual(desk.tell(1e6, 0), {
    news: ['3 bounce 0+0', '24 bounce 0+0', '5 complaint 0+0', '5 withdrawal 0+0'],
    due: [],
  });
});
