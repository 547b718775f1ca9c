import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { asset } from '../../../src/core/assets.ts';
import { asSummary } from '../../../src/report/read.ts';
import type { Summary } from '../../../src/report/summary.ts';
import { workFolder } from '../../support/cli.ts';
import { assertGolden } from '../../support/golden.ts';
import { schemaOf } from '../../support/interface-schema.ts';
import { withAdaptation } from '../../support/scores-fixture.ts';
import {
  emptyFixture,
  largeFixture,
  sessionsFixture,
  summaryFixture,
} from '../../support/summary-fixture.ts';
import { assertSummary, faultsOfSummary } from '../../support/summary-schema.ts';

test('reports/summary.schema.json is what src/report/summary.ts declares', () => {
  const schema = schemaOf(asset('src', 'report', 'summary.ts'), 'Summary');
  assertGolden('reports/summary.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
});

const { summary } = summaryFixture();
const good: readonly [string, Summary][] = [
  ['a run with an incident', summary],
  ['a run with scores', withAdaptation(summary)],
  ['a run in which nothing happened', emptyFixture().summary],
  ['a run that holds sessions only', sessionsFixture().summary],
  ['a large run', largeFixture(300).summary],
];
for (const [name, value] of good) {
  test(`the schema takes ${name}`, () => assertSummary(value));
}

const bad: readonly [name: string, value: unknown, fault: RegExp][] = [
  ['nothing', null, / must be object/],
  ['a key that is not known', { ...summary, extra: 1 }, /additional properties.*extra/],
  [
    'a key within that is not known',
    { ...summary, run: { ...summary.run, host: 'x' } },
    /\/run .*additional properties.*host/,
  ],
  ['a missing key', { ...summary, metrics: undefined }, /required property 'metrics'/],
  ['another schema', { ...summary, schema: 2 }, /\/schema must be equal to constant/],
  ['a text for a number', { ...summary, run: { ...summary.run, seed: '42' } }, /\/run\/seed must be number/],
  [
    'a value outside a list of words',
    { ...summary, run: { ...summary.run, lab: 'cellar' } },
    /\/run\/lab must be equal to one of the allowed values/,
  ],
  [
    'an outcome too few',
    {
      ...summary,
      isps: summary.isps.map((isp) => ({ ...isp, outcomes: { ...isp.outcomes, lost: undefined } })),
    },
    /\/isps\/0\/outcomes .*required property 'lost'/,
  ],
  [
    'a pair of three',
    { ...summary, latency: [{ ...summary.latency[0], curve: [[1, 2, 3]] }] },
    /\/latency\/0\/curve\/0 must NOT have more than 2 items/,
  ],
  [
    'a score that is a word of another language',
    {
      ...summary,
      adaptation: withAdaptation(summary).adaptation.map((a) => ({ ...a, utilisation: 'jamais' })),
    },
    /\/adaptation\/0\/utilisation must be/,
  ],
  [
    'NaN, which JSON does not know',
    { ...summary, totals: { ...summary.totals, deliveredPerSecond: Number.NaN } },
    /\/totals\/deliveredPerSecond must be number/,
  ],
];
for (const [name, value, fault] of bad) {
  test(`the schema refuses ${name}`, () => {
    assert.match(faultsOfSummary(JSON.parse(JSON.stringify(value))).join('\n'), fault);
  });
}

const declarations: readonly [name: string, text: string, expected: unknown][] = [
  ['an optional key', 'interface A { readonly a?: string; }', { a: { type: 'string' } }],
  ['a truth', 'interface A { readonly a?: true; }', { a: { const: true } }],
  [
    'literals, lists and texts on them',
    "interface A {\n  /** Which\n   * one. */\n  readonly a: 'x' | 'y';\n  readonly b: readonly (number | null)[]; }",
    {
      a: { description: 'Which one.', enum: ['x', 'y'] },
      b: { type: 'array', items: { type: ['number', 'null'] } },
    },
  ],
  [
    'a record',
    'interface A { readonly a: Readonly<Record<string, boolean>>; }',
    { a: { type: 'object', additionalProperties: { type: 'boolean' } } },
  ],
  [
    'a pair',
    'interface A { readonly a: readonly [number, 1]; }',
    { a: { type: 'array', prefixItems: [{ type: 'number' }, { const: 1 }], minItems: 2, maxItems: 2 } },
  ],
];
for (const [name, text, expected] of declarations) {
  test(`a schema is made of ${name}`, (t) => {
    assert.deepEqual(schemaOfText(workFolder(t), text).properties, expected);
  });
}

test('a type that names itself, and one of another file', (t) => {
  const folder = workFolder(t);
  writeFileSync(join(folder, 'b.ts'), 'export type B = number;\n');
  const text =
    "import type { B } from './b.ts';\nexport interface A { readonly a: A | null; readonly b: B; }\nexport const c = `x`;\n";
  assert.deepEqual(schemaOfText(folder, text), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A',
    type: 'object',
    properties: { a: { anyOf: [{ $ref: '#' }, { type: 'null' }] }, b: { $ref: '#/$defs/B' } },
    required: ['a', 'b'],
    additionalProperties: false,
    $defs: { B: { type: 'number' } },
  });
});

for (const text of [
  'interface A { readonly a: Date; }',
  'interface A { readonly a: Omit<A, "b">; }',
  'interface A { a(): void; }',
  'interface A { readonly a: typeof b; }',
  'interface A { readonly a: keyof A; }',
  'interface A extends B { readonly a: string; }',
  'interface B { readonly a: string; }',
]) {
  test(`no schema is made of ${text}`, (t) => {
    assert.throws(() => schemaOfText(workFolder(t), text), /has no place in plain data|has no plain type/);
  });
}

function schemaOfText(folder: string, text: string): Record<string, unknown> {
  const file = join(folder, 'a.ts');
  writeFileSync(file, text);
  return schemaOf(file, 'A');
}

/** Without what came after the first version. */
function early(now: Summary): unknown {
  const { adaptation: _, evidence: _e, sources: _s, ownLog: _l, ...rest } = now;
  return { ...rest, isps: now.isps.map(({ messagesPerConnection: _m, authentication: _a, ...isp }) => isp) };
}

const reads: readonly [name: string, content: unknown, expected: Summary | undefined][] = [
  ['a summary', summary, summary],
  [
    'one of before there were scores',
    early(summary),
    {
      ...summary,
      adaptation: [],
      evidence: null,
      sources: null,
      ownLog: null,
      isps: summary.isps.map((isp) => ({ ...isp, messagesPerConnection: [], authentication: null })),
    },
  ],
  [
    'one of before reports came back',
    { ...summary, ownLog: { ...summary.ownLog, returned: undefined } },
    { ...summary, ownLog: summary.ownLog && { ...summary.ownLog, returned: [] } },
  ],
  ['one of another schema', { ...summary, schema: 2 }, undefined],
  ['one without metrics', { ...summary, metrics: undefined }, undefined],
  ['one without thresholds', { ...summary, thresholds: undefined }, undefined],
  ['a group', { schema: 1, runs: [summary] }, undefined],
  ['something else', {}, undefined],
  ['null', null, undefined],
  ['a text', 'x', undefined],
];
for (const [name, content, expected] of reads) {
  test(`as a summary is read ${name}`, () => {
    assert.deepEqual(asSummary(JSON.parse(JSON.stringify(content))), expected);
  });
}

test('every reference of the schema leads somewhere, and every definition is used', () => {
  const text = readFileSync(asset('reports', 'summary.schema.json'), 'utf8');
  const { $defs } = JSON.parse(text) as { $defs: Record<string, unknown> };
  const refs = new Set([...text.matchAll(/"\$ref": "#\/\$defs\/(\w+)"/g)].map((match) => match[1]));
  assert.deepEqual([...refs].sort(), Object.keys($defs).sort());
});
