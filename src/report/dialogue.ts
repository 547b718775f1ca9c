/** A dialogue between the MTA and an ISP that a run kept as a sample, as `transcripts.json` holds it. */
export interface Dialogue {
  readonly isp: string;
  /** The address that the MTA connected from, in the simulated world. */
  readonly source: string;
  /** Seconds since the load began. */
  readonly at: number;
  /** What came of its recipients, or of the connection itself. */
  readonly answers: readonly Answer[];
  readonly lines: readonly DialogueLine[];
}

/** An outcome, and the id of the reply that told it; null: it was not told. */
export interface Answer {
  readonly outcome: string;
  readonly reply: string | null;
}

/** Milliseconds since the connection, who said it (`C`lient, `S`erver, `-`: a remark), and what. */
export type DialogueLine = readonly [ms: number, who: 'C' | 'S' | '-', text: string];
