import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { asset } from '../../src/core/assets.ts';

let validate: ValidateFunction | undefined;

/** What the published schema has against a value, a line for each; none if it is a summary. */
export function faultsOfSummary(value: unknown): string[] {
  validate ??= new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(
    JSON.parse(readFileSync(asset('reports', 'summary.schema.json'), 'utf8')),
  );
  if (validate(value)) return [];
  return (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}

/** Fails if a summary is not what the published schema says. */
export function assertSummary(value: unknown): void {
  // Through JSON, as a reader of the file has it: NaN would be null there.
  assert.deepEqual(faultsOfSummary(JSON.parse(JSON.stringify(value))), []);
}
