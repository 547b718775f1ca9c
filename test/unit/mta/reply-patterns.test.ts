import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../fakes/isp/profile.ts';
import type { Occasion } from '../../../fakes/isp/render.ts';
import type { IspReply } from '../../../src/mta/adapter.ts';
import { patternsFor } from '../../../src/mta/reply-patterns.ts';
import { PLAIN_SCENARIO, plannedMta } from '../../support/planned-mta.ts';
import { OCCASION, speaker } from '../../support/transcript.ts';

/** Occasions unlike the plan's example: other families, and lengths that move every line break. */
const OCCASIONS: Partial<Occasion>[] = [
  { ip: '203.0.113.200', sender: 'b-901@bills.example.org', recipient: 'u9.4@gmail.com', transaction: 7 },
  { ip: '2001:db8:1:2:3:4:5:6', helo: 'a.b.c.d.example', sender: '', recipient: 'x@y.z', connection: 99 },
  ...Array.from({ length: 12 }, (_, n) => ({
    ip: `192.0.2.${n * 20 + 1}`,
    sender: `b-${10 ** n}@${'s'.repeat(5 * n + 1)}.example.net`,
    recipient: `${'r'.repeat(4 * n + 1)}@${'d'.repeat(3 * n + 1)}.example.com`,
    dkimDomain: `${'k'.repeat(7 * n + 1)}.example.net`,
    helo: `${'h'.repeat(6 * n + 1)}.example.net`,
    messageId: `${'m'.repeat(n + 1)}@example.net`,
    command: ['EHLO', 'MAIL', 'RCPT', 'DATA'][n % 4] as string,
    field: ['From', 'Subject'][n % 2] as string,
    bytes: 10 ** (n % 8),
    transaction: n,
  })),
];

/** The ways in which an MTA may hold a reply of several lines against a pattern; which one PowerMTA takes is not known. */
function spellings({ code, enhanced }: IspReply, lines: readonly string[]): string[] {
  const codes = new RegExp(`^${code}[ -]${enhanced === null ? '' : `${enhanced.replaceAll('.', '\\.')} ?`}`);
  const words = lines.map((line) => line.replace(codes, ''));
  const prefix = `${code}-${enhanced === null ? '' : `${enhanced} `}`;
  return [
    // Wherever a line may break, it does.
    ...(lines.length > 1
      ? [
          words
            .join(' ')
            .trim()
            .split(/ +/)
            .map((word) => prefix + word)
            .join('\r\n'),
        ]
      : []),
    lines.join('\r\n'),
    lines.join('\n'),
    lines.join(' '),
    `${code} ${enhanced === null ? '' : `${enhanced} `}${words.join(' ')}`,
  ];
}

for (const name of profileNames()) {
  test(`${name}: every throttling reply is matched however it is worded and broken, and no other reply is`, async () => {
    const isp = (await plannedMta(PLAIN_SCENARIO)).isps.find(({ id }) => id === name);
    assert.ok(isp);
    const patterns = patternsFor(isp.replies, ({ class: kind }) => kind === 'throttled');
    const expressions = patterns.map(({ source }) => new RegExp(source, 'i'));
    const throttled = isp.replies.filter(({ class: kind }) => kind === 'throttled').map(({ id }) => id);
    assert.deepEqual(patterns.flatMap(({ ids }) => ids).sort(), [...throttled].sort());
    assert.ok(throttled.length >= 10);
    let others = 0;
    const { isp: resolved, render } = speaker(name);
    for (const [index, reply] of isp.replies.entries()) {
      assert.equal(resolved.replies[index]?.id, reply.id);
      for (const occasion of OCCASIONS) {
        const { lines } = render(index, { ...OCCASION, ...occasion, ids: {} });
        for (const text of spellings(reply, lines)) {
          const matched = expressions.some((expression) => expression.test(text));
          assert.equal(matched, reply.class === 'throttled', `${reply.id}: ${text}`);
          if (!matched) others += 1;
        }
      }
    }
    assert.ok(others > 1000);
  });
}

const reply = (
  id: string,
  kind: string,
  code: number,
  enhanced: string | null,
  ...fixed: string[]
): IspReply => ({
  id,
  class: kind,
  code,
  enhanced,
  fixed,
  text: [`${code} ${fixed.join(' ')}`],
});

test('codes are enough where they tell; else the longest four words that do; what differs in nothing has no pattern', () => {
  const table: { name: string; replies: IspReply[]; sources: string[] }[] = [
    {
      name: 'an enhanced code of its own',
      replies: [
        reply('A', 'throttled', 421, '4.7.28', 'too fast'),
        reply('B', 'deferred', 421, '4.7.2', 'busy'),
      ],
      sources: ['^421.4\\.7\\.28\\b'],
    },
    {
      name: 'a code that a deferral has too',
      replies: [
        reply('A', 'throttled', 421, '4.7.0', 'mail from', 'was deferred for too many complaints today'),
        reply('B', 'deferred', 421, '4.7.0', 'mail from', 'was deferred for its content'),
      ],
      sources: ['^421.4\\.7\\.0\\b.*too many complaints today'],
    },
    {
      name: 'no enhanced code: never by the code alone',
      replies: [reply('A', 'throttled', 421, null, 'slow down #now/"here"')],
      sources: ['^421\\b.*slow down \\x23now\\/\\x22here'],
    },
    {
      name: 'one phrase for several replies',
      replies: [
        reply('A', 'throttled', 450, null, 'sent far too much mail', 'S1'),
        reply('B', 'throttled', 450, null, 'sent far too much mail', 'S2'),
        reply('C', 'deferred', 450, null, 'mailbox busy'),
      ],
      sources: ['^450\\b.*sent far too much'],
    },
    {
      name: 'told apart by fewer words than four',
      replies: [
        reply('A', 'throttled', 450, '4.2.1', 'too fast'),
        reply('B', 'deferred', 450, '4.2.1', 'too full'),
      ],
      sources: ['^450.4\\.2\\.1\\b.*too fast'],
    },
    {
      name: 'the same words with other values',
      replies: [
        reply('A', 'throttled', 450, '4.2.1', 'no, because of'),
        reply('B', 'deferred', 450, '4.2.1', 'no, because of'),
      ],
      sources: [],
    },
    {
      name: 'lines that break may do so at any blank',
      replies: [
        {
          ...reply('A', 'throttled', 421, '4.7.0', 'you are too fast'),
          text: ['421-4.7.0 you', '421 4.7.0 are'],
        },
        reply('B', 'deferred', 421, '4.7.0', 'we are closed'),
      ],
      sources: [
        '^421.4\\.7\\.0\\b[\\s\\S]*you\\s+(?:421[ -]4\\.7\\.0 )?are\\s+(?:421[ -]4\\.7\\.0 )?too\\s+(?:421[ -]4\\.7\\.0 )?fast',
      ],
    },
  ];
  for (const { name, replies, sources } of table) {
    const found = patternsFor(replies, ({ class: kind }) => kind === 'throttled');
    assert.deepEqual(
      found.map(({ source }) => source),
      sources,
      name,
    );
  }
});
