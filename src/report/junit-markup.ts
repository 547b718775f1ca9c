/**
 * The markup of JUnit's XML. What is used of the format is what both schemas of Jenkins allow (junit-4 and junit-10 of its
 * xUnit plugin).
 */

/** What becomes of a test case that did not pass, or was not made. */
export type Outcome = { readonly kind: 'failure' | 'error'; readonly type: string; readonly message: string };

/** One test case; without an outcome it passed. */
export interface TestCase {
  readonly name: string;
  /** Seconds. */
  readonly time?: string;
  readonly outcome?: Outcome | { readonly kind: 'skipped' };
  /** Lines below the message; why, where it was skipped. */
  readonly body?: string;
}

/** A suite of test cases, the only one in its file. */
export interface TestSuite {
  /** Also the class of each case. */
  readonly name: string;
  /** Seconds. */
  readonly time?: string;
  /** ISO 8601, without a zone. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly cases: readonly TestCase[];
  /** Shown beside the cases; none if there is nothing to say. */
  readonly notes: readonly string[];
}

/** The whole file, ending with a newline. */
export function renderSuite({ name, time, timestamp, properties, cases, notes }: TestSuite): string {
  const those = (kind: string): number => cases.filter(({ outcome }) => outcome?.kind === kind).length;
  const counts = {
    tests: cases.length,
    failures: those('failure'),
    errors: those('error'),
    ...(time !== undefined && { time }),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('testsuites', { name: 'windtunnel', ...counts }),
    ` ${open('testsuite', { name, ...counts, skipped: those('skipped'), timestamp })}`,
    '  <properties>',
    ...Object.entries(properties).map(
      ([property, value]) => `   ${element('property', { name: property, value })}`,
    ),
    '  </properties>',
    ...cases.map((one) => `  ${caseOf(one, name)}`),
    ...(notes.length === 0 ? [] : [`  ${element('system-out', {}, asContent(notes.join('\n')))}`]),
    ' </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

// --- internal ---

function caseOf({ name, time, outcome, body = '' }: TestCase, classname: string): string {
  const attributes = { classname, name, ...(time !== undefined && { time }) };
  if (!outcome) return element('testcase', attributes);
  const { kind, ...said } = outcome;
  return element('testcase', attributes, element(kind, said, asContent(body)));
}

type Attributes = Readonly<Record<string, string | number>>;

/** An element; `content` is markup. */
function element(name: string, attributes: Attributes, content = ''): string {
  const start = open(name, attributes);
  return content === '' ? `${start.slice(0, -1)}/>` : `${start}${content}</${name}>`;
}

function open(name: string, attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${asValue(String(value))}"`);
  return `<${name}${pairs.join('')}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };

/** Text as content. What XML can't hold at all (XML 1.0 section 2.2) becomes U+FFFD. */
function asContent(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[<>&"]/g, (character) => ENTITIES[character] as string);
}

/** Text as a quoted value. Tabs and ends of lines are references, or a reader would make them blanks (section 3.3.3). */
function asValue(text: string): string {
  return asContent(text).replace(/[\t\n\r]/g, (blank) => `&#${blank.charCodeAt(0)};`);
}
