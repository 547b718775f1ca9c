import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HarnessError } from '../../../src/core/errors.ts';
import { InvalidScenario, loadScenario, parseScenario } from '../../../src/scenario/load.ts';

const minimal = 'load: { rate: 50/s, duration: 30s }\n';

function problems(text: string, overrides: string[] = []): string[] {
  try {
    parseScenario(text, 's.yaml', overrides);
  } catch (error) {
    if (error instanceof InvalidScenario) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('a scenario of one line has sensible defaults', () => {
  const { scenario } = parseScenario(minimal, 'my-first-run.yaml');
  assert.equal(scenario.name, 'my first run');
  assert.equal(scenario.mta.adapter, 'haraka');
  assert.equal(scenario.seed, 1);
  assert.equal(scenario.clock.scale, 1);
  assert.deepEqual(scenario.isps, { gmail: { share: 0.5 }, yahoo: { share: 0.3 }, outlook: { share: 0.2 } });
  assert.deepEqual(scenario.load?.message, { recipients: 1, headers: {}, unsubscribe: 'none', dkim: 'none' });
  assert.equal(scenario.drain.timeout, 60e6);
});

test('three mistakes are reported together, each with its line and column', () => {
  const text = `# Does it?
name: x
clok: { scale: 60 }
load: { rate: 50, duration: 10s }
mta:
  sources: [198.18.128.1, 300.1.1.1]
`;
  assert.deepEqual(problems(text), [
    's.yaml:3:1: clok: unknown key "clok"; did you mean clock?',
    's.yaml:4:9: load.rate: found 50; expected a rate such as 50/s, 20/m or 5000/d',
    's.yaml:6:27: mta.sources.1: found "300.1.1.1"; expected an IPv4 or IPv6 address',
  ]);
});

test('mistakes, one by one', () => {
  const rows: [string, string][] = [
    ['', 's.yaml:1:1: load: found nothing; expected a load, such as { rate: 50/s, duration: 30s }'],
    ['load: fast\n', 's.yaml:1:1: load: found "fast"; expected a map of settings'],
    [
      `${minimal}isps: { gmail: { share: 150% } }\n`,
      's.yaml:2:18: isps.gmail.share: found "150%"; expected a share such as 20% or 0.2',
    ],
    [`${minimal}mta: { sources: [] }\n`, 's.yaml:2:8: mta.sources: found []; expected at least one source'],
    [
      `${minimal}mta: { sources: [{ ip: 1.2.3.4, hello: x }] }\n`,
      's.yaml:2:33: mta.sources.0.hello: unknown key "hello"; did you mean helo?',
    ],
    [`${minimal}seed: abc\n`, 's.yaml:2:1: seed: found "abc"; expected a number'],
    [
      `${minimal}warmup: 5s@sim\n`,
      's.yaml:2:1: warmup: found "5s@sim"; expected a time on the real clock; @sim has no meaning here',
    ],
    [
      `${minimal}senders: [{ domain: "-" }]\n`,
      's.yaml:2:13: senders.0.domain: found "-"; expected a domain name such as news.sender.test',
    ],
    [
      'load: { rate: 5/s, duration: 1s, message: { size: 9KB..2KB } }\n',
      's.yaml:1:45: load.message.size: found "9KB..2KB"; expected a size such as 2KB, or a range such as 2KB..60KB',
    ],
    [
      `${minimal}isps: { gmail: { latency: fast } }\n`,
      's.yaml:2:18: isps.gmail.latency: found "fast"; expected on, off or times by stage such as { dot: 20ms }',
    ],
    [`${minimal}load: {}\n`, 's.yaml:2:1: Map keys must be unique'],
  ];
  for (const [text, expected] of rows) assert.deepEqual(problems(text), [expected], text);
});

test('values set on the command line are validated like the others', () => {
  const { scenario, text } = parseScenario(minimal, 's.yaml', [
    'load.rate=100/s',
    'isps.gmail.share=1',
    'mta.retry.0=2m',
  ]);
  assert.equal(scenario.load?.rate, 100);
  assert.equal(scenario.isps.gmail?.share, 1);
  assert.equal(scenario.mta.retry[0]?.value, 120e6);
  assert.match(text, /rate: 100\/s/);
  assert.deepEqual(problems(minimal, ['load.raet=1']), [
    '--set load.raet=1: load.raet: unknown key "raet"; did you mean rate?',
  ]);
  assert.throws(
    () => parseScenario(minimal, 's.yaml', ['load.rate']),
    (e) => e instanceof HarnessError && e.kind === 'usage',
  );
});

test('the question is the opening comment', () => {
  assert.equal(
    parseScenario(`# Does it\n# slow down?\n#\n# not this\n${minimal}`, 's.yaml').question,
    'Does it slow down?',
  );
  assert.equal(parseScenario(minimal, 's.yaml').question, '');
});

test('a file that is not there is a mistake in usage', () => {
  assert.throws(
    () => loadScenario('/nowhere/x.yaml'),
    (e) => e instanceof HarnessError && e.kind === 'usage',
  );
});
