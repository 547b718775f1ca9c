import { readFileSync } from 'node:fs';
import { asset } from '../core/assets.ts';

/** The version in package.json. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { version: string };
  return version;
}
