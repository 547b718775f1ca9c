import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatus } from '../../../../src/mta/powermta/status.ts';
import { STATUS_XML } from '../../../support/powermta-status.ts';

const flow = (rcp: number, msg: number, kb: number): object => ({ rcp, msg, kb });
const both = (out: object, inn: object): object => ({
  out,
  in: inn,
  bounceProcessed: 0,
  feedbackLoopProcessed: 0,
});

/** The same as the XML, as `--json` and format=json tell it. */
const STATUS_JSON = JSON.stringify({
  data: {
    mta: { product: { name: 'PowerMTA', version: '5.0r8', bits: 64 }, hostId: 0 },
    status: {
      timeNow: '2026-11-28 12:00:00',
      shuttingDown: false,
      traffic: {
        total: both(flow(4100, 4100, 9020.5), flow(4223, 4211, 9290.1)),
        lastMin: both(flow(70, 70, 154), flow(81, 80, 176.2)),
      },
      conn: { smtpIn: { cur: 3, max: 200, top: 21 }, smtpOut: { cur: 11, max: 1200, top: 64 } },
      queue: { smtp: { rcp: 123, dom: 7, kb: 270.6 }, pipe: { rcp: 0, dom: 0, kb: 0 } },
    },
  },
});

test('status in XML and JSON is the same', () => {
  const expected = {
    traffic: {
      total: { out: { rcp: 4100, msg: 4100, kb: 9020.5 }, in: { rcp: 4223, msg: 4211, kb: 9290.1 } },
      lastMin: { out: { rcp: 70, msg: 70, kb: 154 }, in: { rcp: 81, msg: 80, kb: 176.2 } },
    },
    conn: { smtpIn: { cur: 3, max: 200, top: 21 }, smtpOut: { cur: 11, max: 1200, top: 64 } },
    queue: { smtp: { rcp: 123, dom: 7, kb: 270.6 } },
  };
  assert.deepEqual(readStatus(STATUS_XML), expected);
  assert.deepEqual(readStatus(STATUS_JSON), expected);
  assert.deepEqual(readStatus(STATUS_XML.replace(/>\s+</g, '><')), expected, 'without line breaks');
  assert.deepEqual(
    readStatus(`<?xml version="1.0"?>\n${STATUS_XML.replace('<rsp>', '<rsp id="1">')}`),
    expected,
  );
});

test('what is no status, or not all of one, is none', () => {
  for (const text of [
    '',
    'Error: could not connect to PowerMTA',
    '<html><body>401</body></html>',
    '{"data":{}}',
    '{"data":',
    STATUS_XML.slice(0, 400),
    STATUS_XML.replace('</traffic>', ''),
    STATUS_XML.replace('<rcp>123</rcp>', '<rcp>many</rcp>'),
  ])
    assert.equal(readStatus(text), undefined, text.slice(0, 40));
});
