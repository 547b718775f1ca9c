import { readFileSync } from 'node:fs';
import { type Markup, raw } from './markup.ts';

/** A script's text, so that nothing in it ends the element it stands in, and without a link to its source map. */
export function inlineScript(file: string | URL): Markup {
  return raw(safe(read(file)));
}

/**
 * A compiled module and the modules that it imports by relative paths as one script, since a page opened from a file
 * can't load any. They share one scope, so no two may use the same name at their top level.
 */
export function inlineModules(entry: URL): Markup {
  const texts: string[] = [];
  const seen = new Set<string>();
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const text = read(file);
    for (const [, path] of text.matchAll(IMPORT)) visit(new URL(path as string, file));
    texts.push(text.replaceAll(IMPORT, '').replaceAll(EXPORT, ''));
  };
  visit(entry);
  return raw(safe(texts.join('\n')));
}

const IMPORT = /^import [^;]*?from '(\.[^']+)';\n/gm;
const EXPORT = /^export (?:\{\};\n)?/gm;

function read(file: string | URL): string {
  return readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
}

function safe(script: string): string {
  return script.replaceAll('</script', '<\\/script');
}
