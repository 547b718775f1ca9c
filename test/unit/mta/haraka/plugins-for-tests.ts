/** Haraka's plugins as Haraka sees them, with what Haraka adds to them. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { asset } from '../../../../src/core/assets.ts';

export type Next = (code?: number, value?: unknown) => void;

const load = createRequire(asset('src', 'mta', 'haraka', 'adapter.ts'));
/** Haraka's other packages lie beside Haraka or in it: they are found from its place. */
export const harakaPart = createRequire(load.resolve('Haraka/package.json'));

export const code = harakaPart('haraka-constants') as Record<
  'ok' | 'cont' | 'deny' | 'denysoft' | 'delay',
  number
>;

/** What a test does not say of the plugins' settings. */
const NOTHING = {
  vmtas: [],
  pools: [],
  defaultPool: { name: 'everybody', members: [], chosen: false },
  isps: [],
  ownDomains: ['news.sender.test'],
  relayFrom: [],
  eventsFolder: '.',
};

/** A plugin that has registered its hooks, which ones, and what it logs as warnings. */
export function pluginWith<P extends object>(
  name: string,
  settings: object,
): { plugin: P; hooks: string[]; warnings: string[] } {
  const hooks: string[] = [];
  const warnings: string[] = [];
  const plugin: P = Object.assign(Object.create(load(`./plugins/${name}.cjs`) as P), {
    inherits(this: object, parent: string) {
      Object.assign(this, load(`./plugins/${parent.replace('windtunnel_', '')}.cjs`));
    },
    config: { get: () => ({ ...NOTHING, ...settings }) },
    register_hook: (hook: string, method: string) => hooks.push(`${hook} ${method}`),
    logwarn: (text: string) => warnings.push(text),
    logerror: (text: string) => warnings.push(text),
  });
  (plugin as { register(): void } & P).register();
  return { plugin, hooks, warnings };
}

/** What a hook hands to `next`, at the end of this turn of the event loop at the latest. */
export async function answer(run: (next: Next) => unknown): Promise<unknown[]> {
  const given: unknown[][] = [];
  await run((...values) => void given.push(values));
  await new Promise(setImmediate);
  assert.equal(given.length, 1, 'next is called exactly once');
  return given[0] as unknown[];
}
