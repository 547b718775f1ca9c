import { formatCount, formatShare } from '../../numbers.ts';
import { type Chart, stackedChart, type TimeFrame, total } from './chart.ts';

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

/** 2xx green, 4xx orange shades, 5xx purple shades, no reply grey. */
function codeColor(code: string, earlierOfItsClass: number): string {
  const shade = Math.min(3, earlierOfItsClass + 1);
  if (code.startsWith('2')) return 'c-accepted';
  if (code.startsWith('4')) return `c-4xx-${shade}`;
  return code.startsWith('5') ? `c-5xx-${shade}` : 'c-none';
}
