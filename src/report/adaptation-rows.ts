import type { AdaptationSummary, IncidentScores, Summary } from './summary.ts';

/** An incident at an ISP, with a name that is its own: the ISP's id, and the incident's number if it had several. */
export interface IncidentRow {
  readonly name: string;
  readonly adaptation: AdaptationSummary;
  readonly scores: IncidentScores;
}

/** Every incident of every ISP, all sources together, in the order of the summary. */
export function incidentRows({ adaptation }: Summary): IncidentRow[] {
  return wholeIsps(adaptation).flatMap((isp) =>
    isp.incidents.map((scores) => ({
      name: isp.incidents.length === 1 ? isp.isp : `${isp.isp} #${scores.incident}`,
      adaptation: isp,
      scores,
    })),
  );
}

/** The entries of ISPs as a whole, without those of single sources. */
export function wholeIsps(adaptation: readonly AdaptationSummary[]): AdaptationSummary[] {
  return adaptation.filter(({ source }) => source === null);
}
