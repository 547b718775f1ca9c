import { complaintText } from '../../feedback-text.ts';
import type { IspFeedback } from '../../summary.ts';
import type { SeriesSpec } from '../chart-spec.ts';
import { anchor } from '../markup.ts';
import { type Chart, type TimeFrame, timeSpec } from './chart.ts';

/** Complaints at an ISP, and what it allowed meanwhile; undefined where nobody complained. */
export function complaintsChart(frame: TimeFrame, isp: IspFeedback): Chart | undefined {
  const series = frame.series.isps.find(({ id }) => id === isp.isp);
  if (!series || isp.complaints === 0) return undefined;
  const column = (name: string): string => `${series.id} ${name}`;
  const { bucketSeconds } = frame.series;
  const isLimited = series.allowance.some((value) => value !== null);
  // Hundreds of messages a second beside a few complaints: it has an axis of its own.
  const allowance: SeriesSpec = {
    label: 'allowance',
    column: column('allowance'),
    color: 'c-allowance',
    style: 'thin',
    unit: 'perSecond',
  };
  return {
    spec: {
      ...timeSpec(frame, anchor('complaints', series.id), series.id),
      unit: 'count',
      series: [
        { label: 'complaints', column: column('complaints'), color: 'c-lost', style: 'area' },
        ...(isLimited ? [allowance] : []),
      ],
    },
    columns: {
      [column('complaints')]: series.complaints.map((perSecond) => perSecond * bucketSeconds),
      ...(isLimited && { [column('allowance')]: series.allowance }),
    },
    title: `Complaints at ${series.name}${isLimited ? ', and what it allowed' : ''}`,
    sentence: `${complaintText(isp)}${isLimited ? '; the allowance a second is at the right' : ''}.`,
  };
}
