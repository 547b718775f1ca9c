import { formatCount, formatShare } from '../../numbers.ts';
import type { IspSummary, ReplyCount } from '../../summary.ts';
import { anchor } from '../markup.ts';
import { type Chart, COLORS, stackedChart, type TimeFrame, total } from './chart.ts';

/** Replies of all ISPs by code. */
export function codesChart(frame: TimeFrame): Chart {
  const { codes, bucketSeconds } = frame.series;
  const counted = codes.map(({ code, perSecond }) => ({ code, n: total(perSecond) * bucketSeconds }));
  const all = counted.reduce((sum, { n }) => sum + n, 0);
  const layers = codes.map(({ code, perSecond }, i) => {
    const before = codes.slice(0, i).filter((other) => other.code[0] === code[0]).length;
    return { label: code, values: perSecond, color: codeColor(code, before) };
  });
  return {
    ...stackedChart(frame, 'chart-codes', 'code', layers),
    title: 'Replies a second, by code',
    sentence:
      all === 0
        ? 'The ISPs gave no replies.'
        : `${counted.map(({ code, n }) => `${code}: ${formatCount(n)} (${formatShare(n, all)})`).join(', ')}.`,
  };
}

/** Replies of one ISP by id, with their wording; undefined where it gave none. */
export function repliesChart(frame: TimeFrame, isp: IspSummary): Chart | undefined {
  const given = frame.series.isps.find(({ id }) => id === isp.id)?.replies ?? [];
  if (given.length === 0) return undefined;
  const known = new Map(isp.replies.map((reply) => [reply.id, reply]));
  const shown = given.slice(0, given.length > COLORS ? COLORS - 1 : COLORS);
  const rest = given.slice(shown.length);
  const seen = new Map<string, number>();
  const layers = shown.map(({ id, perSecond }) => {
    const reply = known.get(id);
    const kind = reply?.class ?? 'none';
    const earlier = seen.get(kind) ?? 0;
    seen.set(kind, earlier + 1);
    return {
      label: reply ? `${codesOf(reply)} ${id}` : id,
      values: perSecond,
      color: replyColor(kind, earlier),
      ...(reply && { note: wording(reply) }),
    };
  });
  if (rest.length > 0) {
    const values = frame.series.t.map((_, i) => total(rest.map(({ perSecond }) => perSecond[i] ?? 0)));
    const note = rest.map(({ id }) => id).join(', ');
    layers.push({ label: `${rest.length} others`, values, color: 'c-none', note });
  }
  const all = isp.replies.reduce((sum, { count }) => sum + count, 0);
  const most = isp.replies.slice(0, 3).map((r) => `${codesOf(r)} ${r.id} ${formatShare(r.count, all)}`);
  return {
    ...stackedChart(frame, anchor('replies', isp.id), `${isp.id} reply`, layers, isp.id),
    title: `Replies of ${isp.name} a second`,
    sentence: `${isp.replies.length === 1 ? 'One reply' : `${isp.replies.length} different replies`}, ${formatCount(all)} in all: ${most.join(', ')}${isp.replies.length > 3 ? `, and ${isp.replies.length - 3} more` : ''}. Point at a colour to read what was said.`,
  };
}

function codesOf({ code, enhanced }: ReplyCount): string {
  return enhanced === null ? String(code) : `${code} ${enhanced}`;
}

function wording({ id, stage, class: kind, text }: ReplyCount): string {
  return `${id}: ${kind}, at ${stage}\n${text.join('\n')}`;
}

/** 2xx green, 4xx orange shades, 5xx purple shades, no reply grey. */
function codeColor(code: string, earlierOfItsClass: number): string {
  const shade = Math.min(3, earlierOfItsClass + 1);
  if (code.startsWith('2')) return 'c-accepted';
  if (code.startsWith('4')) return `c-4xx-${shade}`;
  return code.startsWith('5') ? `c-5xx-${shade}` : 'c-none';
}

/** Each class has its colour, and two shades of it for further replies. */
function replyColor(kind: string, earlierOfItsClass: number): string {
  const shade = Math.min(3, earlierOfItsClass + 1);
  return kind === 'none' || shade === 1 ? `c-${kind}` : `c-${kind}-${shade}`;
}
