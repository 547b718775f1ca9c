import { formatCount } from '../../numbers.ts';
import { type Chart, COLORS, stackedChart, type TimeFrame, timeSpec, total } from './chart.ts';

/** Connections open over time: the driver's, and where the ISPs saw any, those at the ISPs. */
export function connectionsChart(frame: TimeFrame): Chart {
  const { injectorConnections: driver, isps, t } = frame.series;
  const atIsps = t.map((_, bucket) => total(isps.map((isp) => isp.connectionsOpen[bucket] ?? 0)));
  const seen = total(atIsps) > 0;
  const peak = (values: readonly number[]): string => {
    const most = highest(values);
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

/** Connections open at each ISP; undefined where there never were any. */
export function ispConnectionsChart(frame: TimeFrame): Chart | undefined {
  const { isps, t } = frame.series;
  const ranked = isps
    .filter(({ connectionsOpen }) => highest(connectionsOpen) > 0)
    .sort((a, b) => highest(b.connectionsOpen) - highest(a.connectionsOpen));
  const [first] = ranked;
  if (!first) return undefined;
  const shown = ranked.slice(0, ranked.length > COLORS ? COLORS - 1 : COLORS);
  const rest = ranked.slice(shown.length);
  const layers = shown.map(({ name, connectionsOpen }) => ({ label: name, values: connectionsOpen }));
  if (rest.length > 0) {
    const values = t.map((_, i) => total(rest.map(({ connectionsOpen }) => connectionsOpen[i] ?? 0)));
    layers.push({ label: `${rest.length} others`, values });
  }
  const { spec, columns } = stackedChart(
    frame,
    'chart-isp-connections',
    'connections at',
    layers.map((layer, i) => ({ ...layer, color: `c-${i + 1}` })),
  );
  return {
    spec: { ...spec, unit: 'count', idle: 'max' },
    columns,
    title: 'Connections open at the ISPs',
    sentence: `At most ${shown
      .slice(0, 3)
      .map(({ name, connectionsOpen }) => {
        const most = highest(connectionsOpen);
        return `${formatCount(most)} at ${name} (at ${formatCount(t[connectionsOpen.indexOf(most)] ?? 0)} s)`;
      })
      .join(', ')}.`,
  };
}

function highest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
