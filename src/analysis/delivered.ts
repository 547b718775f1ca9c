/** Metrics that have one value for each delivered recipient; the same for a walk over all and for one at a time. */
import type { Selector } from '../gate/threshold.ts';
import type { Ledger } from '../record/ledger.ts';
import { type PhaseSpan, phaseAt } from './phases.ts';

/** A metric of delivered recipients. */
export type DeliveredMetric = 'delivery_latency' | 'attempts_per_delivery';

/** Whether a metric has one value for each delivered recipient. */
export function isDeliveredMetric(metric: string): metric is DeliveredMetric {
  return metric === 'delivery_latency' || metric === 'attempts_per_delivery';
}

/** By what a recorded value is multiplied to come to the metric's unit. */
export const DELIVERED_SCALE: Readonly<Record<DeliveredMetric, number>> = {
  delivery_latency: 1e-3,
  attempts_per_delivery: 1,
};

/** The names that a selector of such a metric may use, by index. */
interface DeliveredNames {
  readonly isps: readonly string[];
  readonly sources: readonly string[];
  readonly phases: readonly PhaseSpan[];
}

/** Returns the function that gives a delivered recipient's value; undefined where the selector does not mean it. */
export function deliveredValue(
  metric: DeliveredMetric,
  selector: Selector,
  names: DeliveredNames,
  ledger: Ledger,
): (recipient: number) => number | undefined {
  const isp = selector.isp === undefined ? undefined : names.isps.indexOf(selector.isp);
  const source = selector.source === undefined ? undefined : names.sources.indexOf(selector.source);
  return (r) => {
    if (isp !== undefined && ledger.isp(r) !== isp) return undefined;
    if (source !== undefined && ledger.acceptedFrom(r) !== source) return undefined;
    if (selector.phase !== undefined && phaseAt(names.phases, ledger.acceptedAt(r)) !== selector.phase)
      return undefined;
    return metric === 'delivery_latency' ? ledger.acceptedAt(r) - ledger.due(r) : ledger.attempts(r);
  };
}
