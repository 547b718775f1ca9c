import { formatCount } from '../../numbers.ts';
import { type Chart, type TimeFrame, timeSpec, total } from './chart.ts';

/** Connections open over time: the driver's, and where the ISPs saw any, those at the ISPs. */
export function connectionsChart(frame: TimeFrame): Chart {
  const { injectorConnections: driver, isps, t } = frame.series;
  const atIsps = t.map((_, bucket) => total(isps.map((isp) => isp.connectionsOpen[bucket] ?? 0)));
  const seen = total(atIsps) > 0;
  const peak = (values: readonly number[]): string => {
    const most = values.reduce((a, b) => Math.max(a, b), 0);
    return most === 0
      ? 'none'
      : `at most ${formatCount(most)} (at ${formatCount(t[values.indexOf(most)] ?? 0)} s)`;
  };
  return {
    spec: {
      ...timeSpec(frame, 'chart-connections'),
      unit: 'count',
      idle: 'max',
      series: [
        ...(seen
          ? [
              {
                label: 'at the ISPs',
                column: 'connections isps',
                color: 'c-accepted',
                style: 'area',
              } as const,
            ]
          : []),
        { label: 'of the driver', column: 'connections driver', color: 'c-attempts', style: 'line' },
      ],
    },
    columns: { 'connections driver': driver, ...(seen && { 'connections isps': atIsps }) },
    title: 'Connections open',
    sentence: `The driver held ${peak(driver)}${seen ? `; at the ISPs were ${peak(atIsps)}` : ''}.`,
  };
}
