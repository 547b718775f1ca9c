import type { IspSummary, OwnLogSummary, SourcesSummary, VmtaSources } from '../../src/report/summary.ts';

/** A virtual MTA of one address with an equal share, exactly as asked unless it says otherwise. */
export function vmtaOf(
  vmta: string,
  source: string,
  { attempts, of }: { readonly attempts: number; readonly of: number },
  about: Partial<VmtaSources> = {},
): VmtaSources {
  const share = about.share ?? 1 / of;
  const mine = Math.round(attempts * share);
  const throttled = Math.round(mine / 10);
  return {
    vmta,
    reaches: true,
    askedShare: 1 / of,
    share,
    chance: [0.9 / of, 1.1 / of],
    off: false,
    sources: [
      {
        source,
        reaches: true,
        share,
        attempts: mine,
        accepted: mine - throttled,
        throttled,
        deferred: 0,
        rejected: 0,
        connectionsOpened: 3,
      },
    ],
    ...about,
  };
}

/** Mail from these sources, each of a virtual MTA of its own, spread as asked for. */
export function evenSources(isps: readonly IspSummary[], sources: readonly string[]): SourcesSummary {
  return {
    findings: [],
    isps: isps.map(({ id, attempts, recipients }) => ({
      isp: id,
      firstAttempts: recipients,
      elsewhere: 0,
      foreignAttempts: 0,
      retries: Math.max(0, attempts - recipients),
      retriesFromOtherSource: 0,
      retriesFromOtherVmta: 0,
      vmtas: sources.map((source, i) => vmtaOf(`vmta${i + 1}`, source, { attempts, of: sources.length })),
      unreachable: [],
    })),
  };
}

/** The same with all that can be wrong at the first ISP. */
export function oddSources(isps: readonly IspSummary[], sources: readonly string[]): SourcesSummary {
  const even = evenSources(isps, sources);
  const [first, ...rest] = even.isps;
  if (!first) return even;
  const [vmta, ...others] = first.vmtas;
  const share = 0.4;
  const of = { attempts: 900, of: sources.length };
  return {
    findings: [
      `${first.isp}: 132 recipients asked for dark, from which the ISP can't be reached: 132 expired.`,
      `${first.isp}: vmta1 sent 40% of the first attempts, and 33.3% were asked for (chance explains 30% to 36.7%).`,
    ],
    isps: [
      {
        ...first,
        elsewhere: 5,
        foreignAttempts: 4,
        retries: 340,
        retriesFromOtherSource: 20,
        retriesFromOtherVmta: 12,
        vmtas: [
          vmtaOf('vmta1', vmta?.sources[0]?.source ?? '', of, { share, off: true }),
          ...others,
          {
            ...vmtaOf('dual', '198.18.128.9', of, { askedShare: null }),
            sources: ['198.18.128.9', '2001:2:0:1::9'].flatMap(
              (source) => vmtaOf('dual', source, of, { share: 0.02 }).sources,
            ),
          },
        ],
        unreachable: [
          {
            asked: 'dark',
            vmtas: ['dark'],
            which: 'all',
            recipients: 132,
            outcomes: { delivered: 0, bounced: 0, expired: 132, pending: 0, lost: 0, unaccounted: 0 },
          },
          {
            asked: 'bulk',
            vmtas: ['dark'],
            which: 'some',
            recipients: 0,
            outcomes: { delivered: 0, bounced: 0, expired: 0, pending: 0, lost: 0, unaccounted: 0 },
          },
        ],
      },
      ...rest,
    ],
  };
}

/** An MTA's log that says what the ISPs say. */
export function trueLog(isps: readonly IspSummary[]): OwnLogSummary {
  return {
    events: 1234,
    others: 3,
    unreadable: 0,
    findings: [],
    isps: isps.map(({ id, accepted, rejected }) => ({
      isp: id,
      delivered: accepted,
      accepted,
      bounced: rejected,
      rejected,
      falselyDelivered: 0,
      untold: 0,
      falselyBounced: 0,
      wrongSource: 0,
    })),
    returned: [],
  };
}
