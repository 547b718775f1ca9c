import type {
  FeedbackCount,
  FeedbackKind,
  FeedbackSummary,
  IspFeedback,
  IspSeries,
  IspSummary,
} from '../../src/report/summary.ts';

/** What came of one kind: all that was due was sent and received, unless it says otherwise. */
export function feedbackCount(
  kind: FeedbackKind,
  happened: number,
  about: Partial<FeedbackCount> = {},
): FeedbackCount {
  const sent = about.sent ?? about.due ?? happened;
  return {
    kind,
    happened,
    due: happened,
    sent,
    failed: 0,
    waiting: 0,
    received: sent,
    tries: sent,
    sentAfterMs: sent === 0 ? null : 2410,
    receivedAfterMs: sent === 0 ? null : 18.4,
    ...about,
  };
}

const NOT_SENT = { due: 0, sent: 0 } as const;

/** What came back after the fixture's run: too many complaints at the second ISP, two of which nobody took. */
export function feedbackFixture(isps: readonly IspSummary[], series: readonly IspSeries[]): FeedbackSummary {
  const kinds = (complaints: number): readonly (readonly FeedbackCount[])[] => [
    [feedbackCount('complaint', complaints, NOT_SENT), feedbackCount('bounce', 12)],
    [
      feedbackCount('complaint', complaints, { sent: complaints - 2, failed: 2, tries: complaints + 9 }),
      feedbackCount('withdrawal', 3),
      feedbackCount('auto-reply', 40, { sent: 38, waiting: 2 }),
      feedbackCount('trap', 1, { ...NOT_SENT, tries: 0 }),
    ],
    [feedbackCount('complaint', complaints), feedbackCount('unsubscribe', 9, { received: 8 })],
  ];
  const all = isps.map((isp, i): IspFeedback => {
    const complaints = (series[i]?.complaints ?? []).reduce((a, b) => a + b, 0);
    return {
      isp: isp.id,
      accepted: isp.accepted,
      complaints,
      complaintRate: complaints / isp.accepted,
      kinds: kinds(complaints)[i] ?? [],
    };
  });
  const unknown = feedbackCount('malformed', 0, {
    ...NOT_SENT,
    received: 5,
    tries: 0,
    sentAfterMs: null,
    receivedAfterMs: null,
  });
  return {
    to: 'mta',
    address: 'fbl@news.sender.test',
    findings: [
      'yahoo: 2 × complaint was refused or given up.',
      'yahoo: 2 × auto-reply still waited at the end.',
      'outlook: 1 × unsubscribe was taken by the MTA and never came to the mailroom.',
    ],
    isps: [...all, { isp: null, accepted: 0, complaints: 0, complaintRate: 0, kinds: [unknown] }],
  };
}
