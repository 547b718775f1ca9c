import type { RunningMta } from '../../../mta/adapter.ts';
import type { Plan } from '../../../scenario/plan.ts';
import { HOST_ADDRESS } from '../../ground/wire.ts';
import type { LabMtaHost } from '../host.ts';
import type { CheckedMta } from './checks.ts';

/** What the security checks need to know of a run's MTA. */
export function checkedMta(plan: Plan, { submission }: RunningMta, host: LabMtaHost): CheckedMta {
  return {
    submission,
    addresses: [...new Set([...plan.sources.map(({ address }) => address), HOST_ADDRESS])],
    ownDomain: plan.senders[0]?.domain ?? 'sender.test',
    foreignDomain: plan.isps[0]?.resolved.domains[0] ?? 'elsewhere.test',
    pids: () => host.pids(),
  };
}
