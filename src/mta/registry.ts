/** The MTAs that windtunnel can start. A new one is a folder here and a line in this list. */
import type { Capabilities, MtaAdapter } from './adapter.ts';
import { exim } from './exim/adapter.ts';
import { external } from './external/adapter.ts';
import { haraka } from './haraka/adapter.ts';
import { kumomta } from './kumomta/adapter.ts';
import { postfix } from './postfix/adapter.ts';
import { powermta } from './powermta/adapter.ts';

const ADAPTERS: readonly MtaAdapter[] = [haraka, postfix, exim, powermta, kumomta, external];

/** All of them. */
export function adapters(): readonly MtaAdapter[] {
  return ADAPTERS;
}

/** Names that a scenario's `mta.adapter` may have; `none` lets the driver speak to the ISPs directly. */
export function adapterNames(): string[] {
  return [...ADAPTERS.map((adapter) => adapter.name), 'none'];
}

/** The adapter of a name; undefined for `none` and for names that nobody has. */
export function adapterNamed(name: string): MtaAdapter | undefined {
  return ADAPTERS.find((adapter) => adapter.name === name);
}

/** What the MTA of a name can do; undefined for `none` and for names that nobody has. */
export function capabilitiesOf(name: string): Capabilities | undefined {
  return adapterNamed(name)?.capabilities;
}
