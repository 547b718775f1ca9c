import { complaintText } from '../../feedback-text.ts';
import type { IspFeedback } from '../../summary.ts';
import { anchor } from '../markup.ts';
import { type Chart, type TimeFrame, timeSpec } from './chart.ts';

/** Complaints at an ISP, and what it allowed meanwhile; undefined where nobody complained. */
export function complaintsChart(frame: TimeFrame, isp: IspFeedback): Chart | undefined {
  const series = frame.series.isps.find(({ id }) => id === isp.isp);
  if (!series || isp.complaints === 0) return undefined;
  const column = (name: string): string => `${series.id} ${name}`;
  const { bucketSeconds } = frame.series;
  return {
    spec: {
      ...timeSpec(frame, anchor('complaints', series.id), series.id),
      unit: 'count',
      series: [
        { label: 'complaints', column: column('complaints'), color: 'c-lost', style: 'area' },
        {
          label: 'allowance',
          column: column('allowance'),
          color: 'c-allowance',
          style: 'thin',
          unit: 'perSecond',
        },
      ],
    },
    columns: {
      [column('complaints')]: series.complaints.map((perSecond) => perSecond * bucketSeconds),
      [column('allowance')]: series.allowance,
    },
    title: `Complaints at ${series.name}, and what it allowed`,
    sentence: `${complaintText(isp)}; the allowance is at the right, a second.`,
  };
}
