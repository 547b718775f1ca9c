/** Where the ISPs of a run hand over what they return. */
import type { Place, ReturnPath } from '../../../fakes/feedback/return-path.ts';
import type { Mailroom } from '../../../fakes/mailroom/mailroom.ts';
import type { RunningMta } from '../../mta/adapter.ts';
import type { Plan } from '../../scenario/plan.ts';
import type { LabNetwork } from '../ground/network.ts';
import type { LabKind } from '../messages.ts';

/** Whether anything comes back in a run. */
export function hasFeedback({ isps }: Pick<Plan, 'isps'>): boolean {
  return isps.some(({ resolved }) => resolved.feedback !== null);
}

/** Whether the MTA under test is to take in what comes back. */
export function returnsToMta(plan: Pick<Plan, 'isps' | 'adapter' | 'feedback'>): boolean {
  return hasFeedback(plan) && plan.adapter !== 'none' && plan.feedback.to === 'mta';
}

/**
 * The way back; undefined: nothing comes back.
 * @param mta undefined: the driver speaks to the ISPs itself
 */
export function returnPathOf(
  plan: Plan,
  network: Pick<LabNetwork, 'lab' | 'sources'>,
  mailroom: Pick<Mailroom, 'address' | 'port' | 'https'>,
  mta: Pick<RunningMta, 'submission'> | undefined,
  caPem: string,
): (ReturnPath & { readonly lab: LabKind }) | undefined {
  if (!hasFeedback(plan)) return undefined;
  const { address, port, https } = mailroom;
  if (!https) throw new Error('the mailroom takes no clicks');
  const mail = mta && plan.feedback.to === 'mta' ? doorOf(network, mta) : { address, port };
  return { lab: network.lab, mail, https, caPem, feedbackAddress: plan.feedback.address };
}

/** Where strangers find the MTA: in a seal where its first source is, as in production; else where the driver does. */
function doorOf(
  { lab, sources: [source] }: Pick<LabNetwork, 'lab' | 'sources'>,
  { submission }: Pick<RunningMta, 'submission'>,
): Place {
  if (lab === 'sealed' && source) return { address: source.address, port: 25 };
  const door = submission.find(({ implicitTls }) => !implicitTls);
  if (!door) throw new Error('the MTA takes no mail in');
  return { address: door.address, port: door.port };
}
