import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sleepMs } from '../../src/core/clock.ts';
import { answerOf, requestOf } from '../../src/core/http-injection.ts';
import { nodeBinary } from '../../src/core/process.ts';
import type { MtaEvent } from '../../src/mta/adapter.ts';
import { haraka } from '../../src/mta/haraka/adapter.ts';
import { openInteropLab } from '../support/interop-lab.ts';

const EASY =
  'limits: unlimited, mailboxes: { unknown: 0, full: 0, disabled: 0 }, penalties: off, reputation: off';
const SCENARIO = `
mta:
  adapter: haraka
  sources: [{ ip: 198.18.128.1, vmta: one }, { ip: 198.18.128.2, vmta: two }]
isps: { gmail: { share: 50%, ${EASY} }, yahoo: { share: 50%, ${EASY} } }
loads:
  kumo: { engine: k6, api: kumomta, rate: 1/s, duration: 1s }
  spark: { engine: k6, api: sparkpost, rate: 1/s, duration: 1s }
`;

/** Posts what it reads, a list of requests, one after the other; prints status and text of each, null where nobody listens. */
const POST = `
let input = '';
for await (const part of process.stdin) input += part;
const answers = [];
for (const { url, headers, body } of JSON.parse(input))
  answers.push(await fetch(url, { method: 'POST', headers, body }).then(async (r) => [r.status, await r.text()], () => null));
console.log(JSON.stringify(answers));
`;

test('in a seal Haraka takes mail over HTTP on loopback alone, and ISPs see it from its virtual MTAs', async (t) => {
  const lab = await openInteropLab(t, SCENARIO, []);
  if (!lab) return;
  await lab.mta.start();
  const config = join(lab.folder, 'mta', 'config', 'windtunnel.json');
  const { http } = JSON.parse(readFileSync(config, 'utf8')) as { http: { key: string } };
  const messages = Array.from({ length: 12 }, (_, n) => ({
    api: n % 2 ? ('sparkpost' as const) : ('kumomta' as const),
    sender: `b-${n}@news.sender.test`,
    recipients: [`u${n}.0@gmail.com`, `u${n}.1@yahoo.com`],
    content: `From: <b-${n}@news.sender.test>\r\nSubject: ${n}\r\nX-Virtual-MTA: two\r\n\r\nhello\r\n`,
  }));
  const post = async (host: string) => {
    const requests = messages.map(({ api, ...message }) => {
      const { path, headers, body } = requestOf(api, http.key, message);
      return { url: `http://${host}:8000${path}`, headers, body };
    });
    const argv = [nodeBinary, '--input-type=module', '-e', POST];
    const { code, stdout, stderr } = await lab.run(argv, JSON.stringify(requests));
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as ([number, string] | null)[];
  };
  assert.deepEqual(new Set(await post('198.18.128.1')), new Set([null]), 'nobody listens on a source');
  for (const [at, answer] of (await post('127.0.0.1')).entries()) {
    const [status, text] = answer ?? [0, ''];
    const { api, recipients } = messages[at] as (typeof messages)[number];
    const found = answerOf(api, status, text, { recipients });
    assert.deepEqual(found, { state: 'confirmed', refusedSlots: [] }, `${api} ${status} ${text}`);
  }
  for (let looks = 0; (await lab.mta.queueDepth()) !== 0; looks += 1) {
    assert.ok(looks < 600, 'the queue does not become empty');
    await sleepMs(50);
  }
  const { isps } = await lab.observe();
  const accepted = Object.values(isps).flatMap(({ attempts }) =>
    attempts.filter(({ outcome }) => outcome === 'accepted'),
  );
  const expected = messages.flatMap(({ sender, recipients }) => recipients.map((to) => `${sender} ${to}`));
  assert.deepEqual(accepted.map(({ sender, recipient }) => `${sender} ${recipient}`).sort(), expected.sort());
  assert.deepEqual(new Set(accepted.map(({ source }) => source)), new Set(['198.18.128.2']));

  await lab.mta.stop();
  const events: MtaEvent[] = [];
  for await (const event of haraka.events?.(join(lab.folder, 'mta')) ?? []) events.push(event);
  for (const kind of ['received', 'delivered'] as const)
    assert.deepEqual(
      events
        .filter((event) => event.kind === kind)
        .map(({ sender, recipient }) => `${sender} ${recipient}`)
        .sort(),
      expected,
      kind,
    );
});
