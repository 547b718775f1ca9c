import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listQueue, queueDepth, readEnvelope } from '../../../../src/mta/exim/queue.ts';
import { workFolder } from '../../../support/cli.ts';

/** A file of headers as Exim 4.96 writes it: what was delivered as a tree, then the recipients. */
function header({
  sender = 'b-1@news.sender.test',
  options = OPTIONS,
  tree = 'XX',
  count,
  recipients = ['u5.0@aol.com', 'u6.1@yahoo.com', 'u7.2@att.net'],
}: {
  sender?: string;
  options?: string;
  tree?: string;
  count?: string;
  recipients?: readonly string[];
} = {}): string {
  return `1xXJ3k-00000D-1N-H
Debian-exim 61000 61000
<${sender}>
1795874748 0
${options}
${tree}
${count ?? recipients.length}
${recipients.join('\n')}

203P Received: from [127.0.0.1] (helo=injector.news.sender.test)
	Sat, 28 Nov 2026 14:05:48 +0000
049I Message-ID: <1@news.sender.test>
`;
}

/** Variables stand with their length, and below it; an empty one leaves an empty line. */
const OPTIONS = `-received_time_usec .425186
--helo_name injector.news.sender.test
-host_address [127.0.0.1]:7184
-aclm _interface 15
<; 198.18.128.1
-aclm _helo6 0

-aclm _evil 24
-aclm x
XX
1
ghost@x.test
--aclm _umlaut 3
é
-body_linecount 22`;

test('whom a message has still to reach', () => {
  const all = ['u5.0@aol.com', 'u6.1@yahoo.com', 'u7.2@att.net'];
  const rows: [name: string, header: string, journal: string | undefined, recipients: readonly string[]][] = [
    ['nobody was reached', header(), undefined, all],
    ['one was', header({ tree: 'NN u6.1@yahoo.com' }), undefined, ['u5.0@aol.com', 'u7.2@att.net']],
    [
      'two were, one below the other',
      header({ tree: 'YN u6.1@yahoo.com\nNN u5.0@aol.com' }),
      undefined,
      ['u7.2@att.net'],
    ],
    [
      'all were: it is about to go',
      header({ tree: 'YY u6.1@yahoo.com\nNN u5.0@aol.com\nNN u7.2@att.net' }),
      undefined,
      [],
    ],
    [
      'what a delivery that is under way has reached is in the journal',
      header({ tree: 'NN u5.0@aol.com' }),
      'u7.2@att.net\n',
      ['u6.1@yahoo.com'],
    ],
    [
      'Exim knows a domain by its small letters',
      header({ recipients: ['u1.0@GMail.com', 'u2.0@gmail.com'], tree: 'NN u1.0@gmail.com' }),
      undefined,
      ['u2.0@gmail.com'],
    ],
    [
      'what follows an address is not part of it',
      header({ recipients: ['u1.0@gmail.com rfc822;u1.0@gmail.com,20 0,4#2', '"a b"@gmail.com'] }),
      undefined,
      ['u1.0@gmail.com', '"a b"@gmail.com'],
    ],
    ['without options', header({ options: '-body_linecount 1' }), undefined, all],
    ['an empty file', '', undefined, []],
    ['no sender', header().split('\n').slice(0, 2).join('\n'), undefined, []],
    ['torn in the options', header().slice(0, 120), undefined, []],
    [
      'torn among the recipients',
      header({ count: '9', recipients: ['u1.0@gmail.com'] }).slice(0, 480),
      undefined,
      [],
    ],
    ['a count that is none', header({ count: 'three' }), undefined, []],
  ];
  for (const [name, text, journal, recipients] of rows) {
    const read = readEnvelope(text, journal);
    assert.deepEqual(
      read,
      recipients.map((recipient) => ({ sender: 'b-1@news.sender.test', recipient })),
      name,
    );
  }
  assert.deepEqual(readEnvelope(header({ sender: '', recipients: ['b-1@news.sender.test'] })), [
    { sender: '', recipient: 'b-1@news.sender.test' },
  ]);
});

test('the queue is what is in its folders, also before there are any', async (t) => {
  const queue = join(workFolder(t), 'queue');
  assert.equal(await queueDepth(queue), 0);
  assert.deepEqual(await listQueue(queue), []);
  const files: [path: string, text: string][] = [
    ['input/k/1xXJ3k-00000D-1N-H', header({ recipients: ['u1.0@gmail.com', 'u2.1@gmail.com'] })],
    ['input/k/1xXJ3k-00000D-1N-D', '1xXJ3k-00000D-1N-D\nbody\n'],
    ['input/k/1xXJ3k-00000D-1N-J', 'u1.0@gmail.com\n'],
    // Not split, and an id as Exim 4.97 makes it.
    [
      'input/1xXJ3k-0000000000D-001N-H',
      header({ sender: 'b-2@news.sender.test', recipients: ['u3.0@yahoo.com'] }),
    ],
    // Being received, and being written anew.
    ['input/m/1xXJ3m-00000D-1N-D', 'half'],
    ['input/m/hdr.00000123', header()],
    ['msglog/k/1xXJ3k-00000D-1N', 'log'],
  ];
  for (const [path, text] of files) {
    mkdirSync(join(queue, path, '..'), { recursive: true });
    writeFileSync(join(queue, path), text);
  }
  assert.equal(await queueDepth(queue), 2);
  const listed = await listQueue(queue);
  assert.deepEqual(
    [...listed].sort((a, b) => a.recipient.localeCompare(b.recipient)),
    [
      { sender: 'b-1@news.sender.test', recipient: 'u2.1@gmail.com' },
      { sender: 'b-2@news.sender.test', recipient: 'u3.0@yahoo.com' },
    ],
  );
});
