import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Opening, type OpeningPlan, type OpeningStep } from '../../../src/driver/opening.ts';

const plain: OpeningPlan = { tls: 'none' };
const starttls: OpeningPlan = { tls: 'starttls' };
const login: OpeningPlan = { tls: 'none', auth: { mechanism: 'login', user: 'u', password: 'p' } };
const EHLO = { do: 'say', line: 'EHLO me.test' } as const;
const HELO = { do: 'say', line: 'HELO me.test' } as const;
const WAIT = { do: 'wait' } as const;
const SECURE = { do: 'secure' } as const;
const open = (pipelining: boolean, eightBit = false): OpeningStep => ({
  do: 'open',
  extensions: { pipelining, eightBit },
});
const fail = (code: number, reason: string): OpeningStep => ({ do: 'fail', code, reason });
const say = (line: string): OpeningStep => ({ do: 'say', line });

/** What happens, and the step that must follow; a reply is its code and its text. */
type Event = 'connected' | 'secured' | readonly [code: number, text: string];
type Dialogue = readonly (readonly [Event, OpeningStep])[];

const greeted: Dialogue = [
  ['connected', WAIT],
  [[220, 'mx\r\n'], EHLO],
];

const rows: [string, OpeningPlan, Dialogue, string][] = [
  ['pipelining', plain, [...greeted, [[250, 'mx\r\nSIZE 1\r\nPIPELINING\r\n'], open(true)]], 'open'],
  ['8-bit messages', plain, [...greeted, [[250, 'mx\r\n8BITMIME\r\n'], open(false, true)]], 'open'],
  ['in small letters', plain, [...greeted, [[250, 'mx\nPipelining\n'], open(true)]], 'open'],
  ['no extension', plain, [...greeted, [[250, 'mx\r\n'], open(false)]], 'open'],
  ['a host of that name', plain, [...greeted, [[250, 'PIPELINING\r\n'], open(false)]], 'open'],
  [
    'HELO, where EHLO is not known',
    plain,
    [...greeted, [[500, 'what?\r\n'], HELO], [[250, 'mx\r\n'], open(false)]],
    'open',
  ],
  [
    'neither',
    plain,
    [...greeted, [[502, ''], HELO], [[550, ''], fail(550, 'HELO was refused with 550')]],
    'ehlo',
  ],
  [
    'refused by the greeting',
    plain,
    [
      ['connected', WAIT],
      [[554, ''], fail(554, 'the greeting was refused with 554')],
    ],
    'greeting',
  ],
  [
    'too busy',
    plain,
    [
      ['connected', WAIT],
      [[421, ''], fail(421, 'the greeting was refused with 421')],
    ],
    'greeting',
  ],
  ['too busy for EHLO', plain, [...greeted, [[421, ''], fail(421, 'EHLO was refused with 421')]], 'ehlo'],
  [
    'STARTTLS, and EHLO again: what was offered before counts no more',
    starttls,
    [
      ...greeted,
      [[250, 'mx\r\nPIPELINING\r\nSTARTTLS\r\n'], say('STARTTLS')],
      [[220, 'go\r\n'], SECURE],
      ['secured', EHLO],
      [[250, 'mx\r\n'], open(false)],
    ],
    'open',
  ],
  [
    'STARTTLS not offered',
    starttls,
    [...greeted, [[250, 'mx\r\n'], fail(0, 'the server does not offer STARTTLS')]],
    'tls',
  ],
  [
    'STARTTLS refused',
    starttls,
    [
      ...greeted,
      [[250, 'mx\r\nSTARTTLS\r\n'], say('STARTTLS')],
      [[454, ''], fail(454, 'STARTTLS was refused with 454')],
    ],
    'tls',
  ],
  [
    'HELO, and TLS wanted',
    starttls,
    [...greeted, [[500, ''], HELO], [[250, 'mx\r\n'], fail(0, 'the server does not offer STARTTLS')]],
    'tls',
  ],
  [
    'TLS from the first byte',
    { tls: 'implicit' },
    [
      ['connected', SECURE],
      ['secured', WAIT],
      [[220, ''], EHLO],
      [[250, 'mx\r\nPIPELINING\r\n'], open(true)],
    ],
    'open',
  ],
  [
    'LOGIN',
    login,
    [
      ...greeted,
      [[250, 'mx\r\nAUTH PLAIN LOGIN\r\n'], say('AUTH LOGIN')],
      [[334, 'VXNlcm5hbWU6\r\n'], say('dQ==')],
      [[334, 'UGFzc3dvcmQ6\r\n'], say('cA==')],
      [[235, ''], open(false)],
    ],
    'open',
  ],
  [
    'the form of before the standard',
    login,
    [...greeted, [[250, 'mx\r\nAUTH=LOGIN\r\n'], say('AUTH LOGIN')], [[235, ''], open(false)]],
    'open',
  ],
  [
    'the wrong password',
    login,
    [
      ...greeted,
      [[250, 'mx\r\nAUTH LOGIN\r\n'], say('AUTH LOGIN')],
      [[334, ''], say('dQ==')],
      [[334, ''], say('cA==')],
      [[535, ''], fail(535, 'AUTH was refused with 535')],
    ],
    'auth',
  ],
  [
    'asked for more than there is',
    { tls: 'none', auth: { mechanism: 'plain', user: 'u', password: 'p' } },
    [
      ...greeted,
      [[250, 'mx\r\nAUTH PLAIN\r\n'], say('AUTH PLAIN AHUAcA==')],
      [[334, ''], fail(0, 'the server asks for more than AUTH has to say')],
    ],
    'auth',
  ],
  [
    'another mechanism offered, in both forms',
    login,
    [
      ...greeted,
      [
        [250, 'mx\r\nAUTH PLAIN CRAM-MD5\r\nAUTH=PLAIN\r\n'],
        fail(0, 'the server does not offer AUTH LOGIN (it offers AUTH PLAIN CRAM-MD5)'),
      ],
    ],
    'auth',
  ],
  [
    'no AUTH offered',
    login,
    [...greeted, [[250, 'mx\r\n'], fail(0, 'the server does not offer AUTH LOGIN (it offers no AUTH)')]],
    'auth',
  ],
];

test('a connection is opened step by step, or ends with the reason why not', () => {
  for (const [name, plan, dialogue, stage] of rows) {
    const opening = new Opening(plan, 'me.test');
    assert.equal(opening.stage, 'connect', name);
    for (const [event, expected] of dialogue) {
      const step = typeof event === 'string' ? opening[event]() : opening.replied(...event);
      assert.deepEqual(step, expected, `${name}: ${event}`);
    }
    assert.equal(opening.stage, stage, name);
  }
});
