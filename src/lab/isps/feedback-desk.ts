/** The desk of an ISP in one of the lab's processes: on the run's clock, with the run's records, inside the lab alone. */
import type { FeedbackWatcher } from '../../../fakes/feedback/accepted.ts';
import { Desk, type DeskClock } from '../../../fakes/feedback/desk.ts';
import { messageNumberOf } from '../../../fakes/feedback/fates.ts';
import { returnedMail } from '../../../fakes/feedback/forms/returned-mail.ts';
import { labOutbound } from '../../../fakes/feedback/lab-outbound.ts';
import type { ReturnPath } from '../../../fakes/feedback/return-path.ts';
import type { Observation } from '../../../fakes/isp/policy.ts';
import type { ResolvedIsp } from '../../../fakes/isp/resolve.ts';
import { after, type Micros, wallClock } from '../../core/clock.ts';
import { recipientOf } from '../../core/identity.ts';
import type { Prng } from '../../core/prng.ts';
import type { LabProof } from '../../core/proof.ts';
import { NONE16, NONE32, type Packer } from '../../record/attempt-log.ts';

/** A timer holds no more. */
const LONGEST_MS = 0x7fffffff;

/** What a desk in the lab stands on. */
export interface LabDeskOptions {
  /** The ISP's index. */
  readonly index: number;
  readonly isp: ResolvedIsp;
  readonly path: ReturnPath;
  readonly proof: LabProof;
  /** Addresses of the ISP. */
  readonly own: readonly string[];
  readonly clock: { now(): Micros };
  readonly prng: Prng;
  readonly events: Packer;
  readonly watchers: readonly FeedbackWatcher[];
  observe(observation: Observation): void;
}

/**
 * Opens the desk of an ISP; undefined: nothing comes back from it.
 * @throws HarnessError of kind `usage` if the way back leads out of the lab
 */
export function openDesk(options: LabDeskOptions): Desk | undefined {
  const { index: isp, isp: resolved, path, proof, own, prng, events, watchers, observe } = options;
  const { feedback, mta } = resolved;
  if (feedback === null) return undefined;
  return new Desk({
    feedback,
    mta,
    feedbackAddress: path.feedbackAddress,
    clock: deskClock(options.clock),
    prng,
    outbound: labOutbound({ proof, path, helo: mta, own }),
    write: returnedMail,
    observe,
    watchers,
    record: ({ at, kind, state, message, recipient, tries }) =>
      events.feedback({
        at,
        isp,
        source: message.source,
        message: messageNumberOf(message) ?? NONE32,
        // A slot that no message has, if the address is not of the run.
        slot: recipientOf(recipient)?.slot ?? NONE16 - 1,
        kind,
        state,
        tries,
      }),
  });
}

function deskClock({ now }: { now(): Micros }): DeskClock {
  const begin = wallClock().getTime() - now() / 1e3;
  return {
    now,
    at(moment, act) {
      const ms = Math.ceil((moment - now()) / 1e3);
      return after(Math.max(0, Math.min(ms, LONGEST_MS)), act);
    },
    wall: (moment) => new Date(begin + moment / 1e3),
  };
}
