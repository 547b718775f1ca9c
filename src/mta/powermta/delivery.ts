/** How PowerMTA sends: what it keeps to at each ISP, when it tries again, and when it slows down. */
import { HarnessError } from '../../core/errors.ts';
import type { MtaIsp, MtaPlan } from '../adapter.ts';
import { patternsFor } from '../reply-patterns.ts';
import { comment, directive, type Entry, interval, rate, tag, yesNo } from './syntax.ts';
import { writtenVmtas } from './virtual-mtas.ts';

/** So many retry intervals PowerMTA takes. */
const MOST_WAITS = 30;

/** The service is not available now (RFC 5321 section 3.8). */
const GO_AWAY = 421;

/** What is the same for all destinations, and what each ISP has beside it. */
export function deliveryEntries(plan: MtaPlan): Entry[] {
  const { retry, expire, concurrency, tls, isps } = plan;
  if (retry.length > MOST_WAITS) {
    throw new HarnessError('invalid-scenario', `mta.retry has ${retry.length} waits`, {
      hint: `PowerMTA takes at most ${MOST_WAITS}`,
    });
  }
  const names = macroNames(isps);
  const rollups = isps.map(rollupOf);
  return [
    directive('total-max-smtp-out', concurrency),
    ...rollupList(rollups),
    ...isps.flatMap((isp, at) => patternList(isp, names[at] as string)),
    tag('domain', '*', [
      directive('retry-after', waits(plan)),
      // Its default of ten minutes would hold back whoever was answered 4xx, whatever retry-after says.
      directive('retry-recipients-after', interval(Math.min(...retry))),
      directive('bounce-after', interval(expire)),
      directive('use-starttls', yesNo(tls !== 'none')),
      directive('require-starttls', yesNo(tls === 'required')),
    ]),
    ...isps.flatMap((isp, at) => {
      const name = names[at] as string;
      const rollup = rollups[at];
      const inside = atIsp(isp, name, plan, rollup !== undefined);
      return [
        directive('domain-macro', `${name} ${isp.domains.join(',')}`),
        tag('domain', `$${name}`, inside),
        ...(rollup ? [tag('domain', rollup.queue, inside)] : []),
      ];
    }),
  ];
}

/** What PowerMTA keeps to in each of an ISP's queues, of which each virtual MTA has its own. */
function atIsp(isp: MtaIsp, name: string, plan: MtaPlan, rolledUp: boolean): Entry[] {
  const queues = writtenVmtas(plan).length * (rolledUp ? 1 : isp.domains.length);
  const share = isp.concurrency === undefined ? undefined : Math.max(1, Math.floor(isp.concurrency / queues));
  return [
    ...(share === undefined ? [] : [directive('max-smtp-out', share)]),
    ...(isp.rate === undefined ? [] : [directive('max-msg-rate', rate(isp.rate / queues))]),
    directive('smtp-pattern-list', name),
    // Without it backoff is as fast as before: its default is max-msg-rate.
    ...(isp.rate === undefined ? [] : [directive('backoff-max-msg-rate', rate(isp.rate / queues / 10))]),
    directive('backoff-max-smtp-out', 1),
    directive('backoff-retry-after', waits(plan)),
    // The default is never: a queue that backed off once would stay slow.
    directive('backoff-to-normal-after', interval(Math.max(...plan.retry))),
  ];
}

function waits({ retry }: MtaPlan): string {
  return retry.map(interval).join(',');
}

/** Replies that ask for less, by the ISP's own wording. */
function patternList({ replies }: MtaIsp, name: string): Entry[] {
  const patterns = patternsFor(replies, ({ class: kind }) => kind === 'throttled');
  return [
    tag(
      'smtp-pattern-list',
      name,
      patterns.flatMap(({ source, code, ids }) => [
        comment(ids.join(' ')),
        // Backoff alone goes on, slower; 421 asks to come back later.
        directive('reply', `/${source}/ ${code === GO_AWAY ? 'mode=backoff,defer-queue' : 'mode=backoff'}`),
      ]),
    ),
  ];
}

interface Rollup {
  readonly mx: string;
  readonly queue: string;
}

/**
 * One queue for all domains that an ISP's hosts serve. Where the hosts are named, PowerMTA wants those of the lowest
 * preference exactly; a wildcard with rollup-by-ip takes what DNS says.
 */
function rollupOf(isp: MtaIsp, at: number, all: readonly MtaIsp[]): Rollup | undefined {
  const suffix = commonSuffix(isp.hosts);
  const shared = all.some(
    (other) => other !== isp && other.hosts.some((host) => suffix !== undefined && host.endsWith(suffix)),
  );
  if (isp.domains.length < 2 || suffix === undefined || shared) return undefined;
  return { mx: `*${suffix}`, queue: `${macroNames(all)[at]}.rollup` };
}

function rollupList(rollups: readonly (Rollup | undefined)[]): Entry[] {
  const found = rollups.filter((rollup) => rollup !== undefined);
  if (found.length === 0) return [];
  return [
    tag(
      'mx-rollup-list',
      '',
      found.map(({ mx, queue }) => directive('mx', `${mx} ${queue} rollup-by-ip`)),
    ),
  ];
}

/** The end that all hosts share, such as `.l.google.com`: two labels at least, and more than that in every host. */
function commonSuffix(hosts: readonly string[]): string | undefined {
  const labels = hosts.map((host) => host.split('.').reverse());
  const [first = []] = labels;
  let length = 0;
  while (labels.every((each) => each.length > length + 1 && each[length] === first[length])) {
    if (first[length] === undefined) break;
    length += 1;
  }
  return length < 2 ? undefined : `.${first.slice(0, length).reverse().join('.')}`;
}

/** Names for macros and pattern lists: letters and digits of the ISP's id, told apart by number where they clash. */
function macroNames(isps: readonly MtaIsp[]): string[] {
  const plain = isps.map(({ id }) => id.replace(/[^A-Za-z0-9]/g, ''));
  return plain.map((name, at) =>
    name !== '' && plain.filter((other) => other === name).length === 1 ? name : `${name}isp${at + 1}`,
  );
}
