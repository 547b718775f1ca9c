import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileNames } from '../../../../fakes/isp/profile.ts';
import { loadReplies } from '../../../../fakes/isp/replies.ts';
import { asset } from '../../../../src/core/assets.ts';
import { assertGolden, assertGoldenPart } from '../../../support/golden.ts';
import { replyTable } from '../../../support/reply-table.ts';
import { transcript } from '../../../support/transcript.ts';

for (const name of profileNames()) {
  const replies = loadReplies(asset('fakes', name, 'replies.yaml'));

  test(`${name}: every reply is on the wire as it was`, () => {
    const text = transcript(name);
    assert.deepEqual(
      [...text.matchAll(/^# (\S+)$/gm)].map(([, id]) => id),
      replies.map(({ id }) => id),
    );
    assertGolden(`test/golden/${name}.txt`, text);
  });

  test(`${name}: the table in its README says what the data says`, () => {
    assertGoldenPart(`fakes/${name}/README.md`, 'replies', replyTable(replies));
  });
}
