import { HarnessError } from '../core/errors.ts';
import { capabilitiesOf } from '../mta/registry.ts';
import type { Plan } from '../scenario/plan.ts';
import type { LabKind } from './messages.ts';
import { probeSeal, type SealPrivilege } from './seal.ts';

/** Where a run will take place, and why. */
export interface Ground {
  readonly lab: LabKind;
  /** How the seal is made; undefined without one. */
  readonly privilege: SealPrivilege | undefined;
  readonly warnings: readonly string[];
}

/**
 * Chooses between a seal and loopback: a seal wherever one can be made and is wanted.
 * @throws HarnessError of kind `lab` if the MTA can't be tested on the ground that there is
 */
export async function chooseGround(plan: Plan, sealWanted: boolean): Promise<Ground> {
  const probe = sealWanted ? await probeSeal() : undefined;
  const capabilities = capabilitiesOf(plan.adapter);
  if (probe?.ok) {
    if (capabilities?.needs === 'root' && probe.privilege !== 'root') {
      throw new HarnessError('lab', `${plan.adapter} switches users, so it can only be tested as root`);
    }
    return { lab: 'sealed', privilege: probe.privilege, warnings: [] };
  }
  if (plan.incidents.some(({ unreachable, dns }) => unreachable ?? dns)) {
    throw new HarnessError('lab', 'an incident that takes mail hosts or names away needs a seal', {
      hint: probe ? `${probe.step}: ${probe.reason}. ${probe.fix}` : 'run it without --no-seal',
    });
  }
  const { faults, queueDisk } = plan;
  if (queueDisk !== undefined || faults.some(({ what }) => what.kind === 'dns')) {
    const what = queueDisk === undefined ? 'a fault of the DNS' : "a disk of its own for the MTA's queue";
    throw new HarnessError('lab', `${what} needs a seal`, {
      hint: probe ? `${probe.step}: ${probe.reason}. ${probe.fix}` : 'run it without --no-seal',
    });
  }
  if (capabilities && !capabilities.noSeal.works) {
    throw new HarnessError(
      'lab',
      `${plan.adapter} can't be tested without a seal: ${capabilities.noSeal.reason}`,
    );
  }
  const why = probe
    ? `No seal could be made here (${probe.step}: ${probe.reason}), so the run is on loopback with mapped ports. ${probe.fix}`
    : 'Run without a seal (--no-seal), on loopback with mapped ports.';
  return { lab: 'loopback', privilege: undefined, warnings: [why] };
}
