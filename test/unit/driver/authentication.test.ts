import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authAnswer, authCommand, type Credentials } from '../../../src/driver/authentication.ts';

const tim = { user: 'tim', password: 'tanstaaftanstaaf' };
const of = (mechanism: Credentials['mechanism'], who = tim): Credentials => ({ mechanism, ...who });

test('each mechanism says what its standard says', () => {
  const rows: [string, string | undefined, string | undefined][] = [
    // RFC 4616 section 4 has tim without an authorization identity.
    ['PLAIN', authCommand(of('plain')), 'AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm'],
    ['PLAIN, challenged all the same', authAnswer(of('plain'), '', 0), undefined],
    ['LOGIN', authCommand(of('login')), 'AUTH LOGIN'],
    ['LOGIN, user', authAnswer(of('login'), 'VXNlcm5hbWU6', 0), 'dGlt'],
    ['LOGIN, password', authAnswer(of('login'), 'UGFzc3dvcmQ6', 1), 'dGFuc3RhYWZ0YW5zdGFhZg=='],
    ['LOGIN, asked a third time', authAnswer(of('login'), '', 2), undefined],
    ['CRAM-MD5', authCommand(of('cram-md5')), 'AUTH CRAM-MD5'],
    // The example of RFC 2195 section 2.
    [
      'CRAM-MD5, answer',
      authAnswer(of('cram-md5'), 'PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+', 0),
      'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw',
    ],
    ['CRAM-MD5, asked twice', authAnswer(of('cram-md5'), 'eA==', 1), undefined],
    [
      'a user beyond ASCII is UTF-8',
      authCommand(of('plain', { user: 'jörg', password: 'ß' })),
      'AUTH PLAIN AGrDtnJnAMOf',
    ],
  ];
  for (const [name, said, expected] of rows) assert.equal(said, expected, name);
});
