import { readFileSync } from 'node:fs';
import { validateXML } from 'xmllint-wasm';
import { asset } from '../../src/core/assets.ts';

const schema = readFileSync(asset('test', 'support', 'junit.xsd'), 'utf8');

/** What the JUnit schema has against a text, a line for each. */
export async function junitFaults(xml: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: { fileName: 'junit.xml', contents: xml }, schema });
  return errors.map(({ message }) => message);
}
