import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordQueue } from '../../../../src/lab/mta/recording-queue.ts';
import type { QueuedRecipient } from '../../../../src/mta/adapter.ts';
import { NONE16, Packer, QUEUED, RecordView } from '../../../../src/record/attempt-log.ts';

test('what is queued becomes a record if it is ours', () => {
  const rows: [string, QueuedRecipient, [number, number, string] | undefined][] = [
    ['a recipient', { sender: 'b-7@news.sender.test', recipient: 'u9.2@gmail.com' }, [7, 2, 'recipient']],
    ['in brackets', { sender: '<b-7@news.sender.test>', recipient: '<u9.2@gmail.com>' }, [7, 2, 'recipient']],
    ['a DSN', { sender: '', recipient: 'b-7@news.sender.test' }, [7, NONE16, 'report']],
    ['a DSN in brackets', { sender: '<>', recipient: '<b-7@news.sender.test>' }, [7, NONE16, 'report']],
    ['a DSN to somebody else', { sender: '', recipient: 'postmaster@news.sender.test' }, undefined],
    ['mail of somebody else', { sender: 'x@news.sender.test', recipient: 'u9.2@gmail.com' }, undefined],
    ['mail to somebody else', { sender: 'b-7@news.sender.test', recipient: 'x@gmail.com' }, undefined],
  ];
  for (const [name, queued, expected] of rows) {
    const packer = new Packer();
    recordQueue(packer, 3, [queued]);
    const records = packer.take();
    const view = records && new RecordView(records);
    assert.deepEqual(view && [view.message, view.slot, QUEUED[view.outcome]], expected, name);
  }
});
