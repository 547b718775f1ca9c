/** Holds the patterns of a PowerMTA configuration against what ISPs say today when they throttle. */
import { loadProfile, profileNames } from '../../../fakes/isp/profile.ts';
import { createRenderer } from '../../../fakes/isp/render.ts';
import { replyInShort } from '../../../fakes/isp/replies.ts';
import { resolveIsp } from '../../../fakes/isp/resolve.ts';
import { createPrng } from '../../core/prng.ts';
import { type ReadConfig, type ReplyRule, readConfig, valuesFor } from '../../mta/powermta/read-config.ts';

/** A reply, and what is done about it. */
export interface LintedReply {
  readonly id: string;
  readonly text: string;
  /** The line of the pattern that decides; undefined: none matches. */
  readonly line: number | undefined;
}

/** What a configuration does at one ISP. */
export interface IspLint {
  readonly isp: string;
  /** The pattern lists that its domains use. */
  readonly lists: readonly string[];
  /** How many replies of the ISP throttle, of those that it gives today. */
  readonly throttling: number;
  /** Throttling that no pattern slows down for. */
  readonly missed: readonly LintedReply[];
  /** Throttling that bounces a queue, or sends it back to normal. */
  readonly worse: readonly LintedReply[];
  /** What is not about pace, such as a full mailbox, and slows down all the same. */
  readonly needless: readonly LintedReply[];
  /** What else keeps backoff from working; sentences. */
  readonly advice: readonly string[];
}

/** What was found in a configuration. */
export interface Lint {
  readonly isps: readonly IspLint[];
  /** What was not looked at; sentences. */
  readonly notes: readonly string[];
}

/** Actions that make a queue wait, or let it go on slower. */
const SLOWER = /^(mode=backoff|defer-queue|disable-source-ip)$/;
const WORSE = /^(bounce-queue|mode=normal)$/;

/** Directives of which at least one has to be there for backoff to be slower. */
const SLOWING = [
  'backoff-max-msg-rate',
  'backoff-max-smtp-out',
  'backoff-max-connect-rate',
  'backoff-reroute-to-virtual-mta',
];
const RETURNING = ['backoff-to-normal-after', 'backoff-to-normal-after-delivery'];

/** Looks through a configuration's pattern lists, for each ISP that comes with the harness. */
export function lintPatterns(text: string, now: Date): Lint {
  const config = readConfig(text);
  const untried = [...config.lists.values()].flat().filter(({ expression }) => expression === undefined);
  return {
    isps: profileNames().map((name) => lintIsp(config, name, now)),
    notes: [
      ...config.includes.map(({ line, file }) => `line ${line}: ${file} was not read`),
      ...untried.map(({ line, pattern }) => `line ${line}: /${pattern}/ can't be tried here`),
    ],
  };
}

function lintIsp(config: ReadConfig, name: string, now: Date): IspLint {
  const isp = resolveIsp(loadProfile(name), { scale: 1 });
  const values = (directive: string): string[] => [
    ...new Set(isp.domains.flatMap((domain) => valuesFor(config, domain, directive))),
  ];
  // "" takes away what would be inherited.
  const lists = values('smtp-pattern-list').filter((list) => list !== '""');
  const rules = lists.flatMap((list) => config.lists.get(list) ?? []);
  const render = createRenderer(isp, createPrng(1), () => now, new Set());
  const judged = isp.replies.flatMap((reply, index) => {
    if (reply.legacy || reply.class === 'accepted') return [];
    const { lines } = render(index, EXAMPLE);
    const rule = ruleFor(rules, lines);
    const linted = { id: reply.id, text: replyInShort(reply), line: rule?.line };
    return [{ throttles: reply.class === 'throttled', rule, linted }];
  });
  const throttling = judged.filter(({ throttles }) => throttles);
  const pick = (from: typeof judged, kind: RegExp): LintedReply[] =>
    from.filter(({ rule }) => rule?.actions.some((action) => kind.test(action))).map(({ linted }) => linted);
  return {
    isp: name,
    lists,
    throttling: throttling.length,
    missed: throttling
      .filter(({ rule }) => !rule?.actions.some((action) => SLOWER.test(action) || WORSE.test(action)))
      .map(({ linted }) => linted),
    worse: pick(throttling, WORSE),
    needless: pick(
      judged.filter(({ throttles }) => !throttles),
      SLOWER,
    ),
    advice: [
      ...lists
        .filter((list) => !config.lists.has(list))
        .map((list) => `the smtp-pattern-list ${list} is not in this file`),
      ...(rules.some(({ actions }) => actions.includes('mode=backoff')) ? adviceOn(values) : []),
    ],
  };
}

/** What the replies speak of. */
const EXAMPLE = {
  ip: '192.0.2.10',
  helo: 'out1.sender.test',
  sender: 'news@sender.test',
  recipient: 'someone@example.com',
  messageId: '1@sender.test',
  bytes: 50_000,
  connection: 1,
  transaction: 1,
  ids: {},
  command: 'MAIL',
  field: 'Subject',
};

/** The first rule that matches and says something about pace: of conflicting ones the first counts. */
function ruleFor(rules: readonly ReplyRule[], lines: readonly string[]): ReplyRule | undefined {
  // How PowerMTA puts the lines of a reply together is not known: each way may match.
  const [first = ''] = lines;
  const codes = /^\d{3}.(\d\.\d+\.\d+ )?/.exec(first)?.[0] ?? '';
  const one = lines.map((line, at) => (at === 0 ? line : line.slice(codes.length))).join(' ');
  const texts = [one, lines.join('\n')];
  return rules.find(
    ({ expression, actions }) =>
      actions.some((action) => SLOWER.test(action) || WORSE.test(action)) &&
      texts.some((text) => expression?.test(text)),
  );
}

function adviceOn(values: (directive: string) => readonly string[]): string[] {
  const has = (names: readonly string[]): boolean => names.some((name) => values(name).length > 0);
  return [
    ...(has(RETURNING)
      ? []
      : [`a queue that backs off stays slow: ${RETURNING[0]} is never by default, and is not set`]),
    ...(has(SLOWING)
      ? []
      : [
          `backoff is as fast as before: none of ${SLOWING.join(', ')} is set, and their defaults change nothing`,
        ]),
  ];
}
