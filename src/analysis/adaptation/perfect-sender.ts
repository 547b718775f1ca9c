/** The yardstick: what a sender that knows the ISP's mind would have had accepted. */
import type { Flow, Span } from './flow.ts';

/** Transactions a bucket that a perfect sender would have had accepted, zero outside the spans. */
export type Perfect = readonly number[];

/**
 * A fluid queue of its own: it takes what arrives, and sends as much of it as the ISP takes from a sender that was
 * never punished and as the MTA's capacity allows. It begins each span with the backlog that there really was, so
 * that each span is judged for itself. A bucket in which the real sender had more accepted (a burst that the ISP lets
 * through) shows that so much was possible, so the perfect one had it too.
 * @param capacity transactions a second that the MTA can do at this ISP; Infinity: unknown
 */
export function perfectSender(flow: Flow, spans: readonly Span[], capacity: number): Perfect {
  const { supply, unpunished, accepted } = flow;
  const sent = new Array<number>(accepted.length).fill(0);
  if (!supply) return sent;
  for (const { from, to } of spans) {
    let queue = supply.backlog[from] ?? 0;
    for (let i = Math.max(0, from); i < Math.min(to, sent.length); i++) {
      queue += supply.arrivals[i] as number;
      const possible = Math.max(Math.min(unpunished[i] as number, capacity), accepted[i] as number);
      sent[i] = Math.min(queue, possible);
      queue -= sent[i] as number;
    }
  }
  return sent;
}
