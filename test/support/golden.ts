/** Committed files that are made by tests: compared byte for byte, or written anew with UPDATE_GOLDEN=1. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { asset } from '../../src/core/assets.ts';

const HOW = 'run the test with UPDATE_GOLDEN=1, read the difference, and commit it if it is meant';

/** Compares a file of the source tree with what it should be. */
export function assertGolden(path: string, expected: string): void {
  const file = asset(path);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, expected);
  }
  assert.ok(existsSync(file), `${path} is not there; ${HOW}`);
  assert.equal(readFileSync(file, 'utf8'), expected, `${path} is stale; ${HOW}`);
}

/** Compares the part of a file between the comments `<!-- begin NAME … -->` and `<!-- end NAME -->`. */
export function assertGoldenPart(path: string, name: string, expected: string): void {
  const text = readFileSync(asset(path), 'utf8');
  const parts = new RegExp(`^([^]*<!-- begin ${name}\\b[^>]*-->\\n)[^]*(<!-- end ${name} -->[^]*)$`).exec(
    text,
  );
  assert.ok(parts, `${path} has no place for ${name}`);
  assertGolden(path, `${parts[1]}\n${expected}\n${parts[2]}`);
}
