/** Reads what a PowerMTA configuration says about replies: pattern lists, and the domains that use them. */

/** A line `reply /PATTERN/ ACTIONS`. */
export interface ReplyRule {
  readonly line: number;
  readonly pattern: string;
  readonly actions: readonly string[];
  /** undefined: not an expression that can be tried here. */
  readonly expression: RegExp | undefined;
}

/** What is said of a destination, in one place. */
export interface DomainSettings {
  /** As it is written: a name, a wildcard, or with a macro. */
  readonly name: string;
  readonly line: number;
  /** The values of its directives; of one that is there twice, the last. */
  readonly settings: ReadonlyMap<string, string>;
}

/** What of a configuration matters to replies. */
export interface ReadConfig {
  readonly lists: ReadonlyMap<string, readonly ReplyRule[]>;
  /** In the order of the file, those within virtual MTAs and pools too. */
  readonly domains: readonly DomainSettings[];
  readonly macros: ReadonlyMap<string, readonly string[]>;
  /** Files that are read where they are named; they are not read here. */
  readonly includes: readonly { readonly line: number; readonly file: string }[];
}

/** Reads a configuration. What it doesn't know it passes over. */
export function readConfig(text: string): ReadConfig {
  const lists = new Map<string, ReplyRule[]>();
  const domains: { name: string; line: number; settings: Map<string, string> }[] = [];
  const macros = new Map<string, readonly string[]>();
  const includes: { line: number; file: string }[] = [];
  const open: {
    readonly tag: string;
    readonly domain?: Map<string, string>;
    readonly rules?: ReplyRule[];
  }[] = [];
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    const line = at + 1;
    // Also within patterns: a # that is meant is written \x23 (guide 3.3.15).
    const said = raw.replace(/#.*$/, '').trim();
    const [, closing, tag, argument = ''] = /^<(\/?)([a-z-]+)\s*([^>]*)>$/i.exec(said) ?? [];
    if (tag !== undefined) {
      const name = argument.trim();
      if (closing) open.pop();
      else if (tag === 'domain') {
        const settings = new Map<string, string>();
        domains.push({ name, line, settings });
        open.push({ tag, domain: settings });
      } else if (tag === 'smtp-pattern-list') {
        const rules = lists.get(name) ?? [];
        lists.set(name, rules);
        open.push({ tag, rules });
      } else open.push({ tag });
      continue;
    }
    const [, directive = '', value = ''] = /^(\S+)\s*([\s\S]*)$/.exec(said) ?? [];
    const { domain, rules } = open.at(-1) ?? {};
    if (directive === 'include') includes.push({ line, file: value });
    else if (rules && directive === 'reply') {
      const rule = ruleOf(value, line);
      if (rule) rules.push(rule);
    } else if (domain && directive !== '') domain.set(directive, value);
    else if (directive === 'domain-macro') {
      const [, name = '', members = ''] = /^(\S+)\s+([\s\S]*)$/.exec(value) ?? [];
      macros.set(
        name,
        members.split(',').map((member) => member.trim()),
      );
    }
  }
  return { lists, domains, macros, includes };
}

function ruleOf(value: string, line: number): ReplyRule | undefined {
  const match = /^\/(.*)\/\s*([^/]*)$/.exec(value);
  if (!match) return undefined;
  const [, pattern = '', actions = ''] = match;
  return {
    line,
    pattern,
    actions: actions
      .split(',')
      .map((action) => action.trim())
      .filter(Boolean),
    expression: expressionOf(pattern),
  };
}

/** Expressions are Perl's, without regard to case unless (?-i) says otherwise. Those that JavaScript lacks are undefined. */
function expressionOf(pattern: string): RegExp | undefined {
  const plain = pattern.replace(/^\(\?(-?)i\)/, '');
  try {
    return new RegExp(plain, pattern.startsWith('(?-i)') ? '' : 'i');
  } catch {
    return undefined;
  }
}

/**
 * The values of a directive for a domain: those of tags that name it, also by macro, or where none of them says anything those of
 * wildcards that it fits. Several if virtual MTAs differ.
 */
export function valuesFor(
  { domains, macros }: ReadConfig,
  domain: string,
  directive: string,
): readonly string[] {
  const nearest = [
    domains.filter(({ name }) => expanded(name, macros).includes(domain)),
    domains.filter(({ name }) => name.startsWith('*.') && domain.endsWith(name.slice(1))),
    domains.filter(({ name }) => name === '*'),
  ];
  for (const each of nearest) {
    const values = each.map(({ settings }) => settings.get(directive)).filter((value) => value !== undefined);
    if (values.length > 0) return [...new Set(values)];
  }
  return [];
}

/** A name with its macros in place: `yahoo.$tld`, `$gmail`. */
function expanded(name: string, macros: ReadConfig['macros']): string[] {
  const match = /\$([\w-]+)/.exec(name);
  if (!match) return [name];
  const members = macros.get(match[1] as string) ?? [];
  return members.map((member) => name.replace(match[0], () => member));
}
