import { HarnessError } from '../../core/errors.ts';
import { capabilitiesOf } from '../../mta/registry.ts';
import type { Plan } from '../../scenario/plan.ts';
import type { LabKind } from '../messages.ts';
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
  const outside = plan.mta.external !== undefined && plan.mta.external.start === undefined;
  const probe = sealWanted && !outside ? await probeSeal() : undefined;
  const capabilities = capabilitiesOf(plan.adapter);
  if (probe?.ok) {
    if (capabilities?.needs === 'root' && probe.privilege !== 'root') {
      throw new HarnessError('lab', `${plan.adapter} switches users, so it can only be tested as root`);
    }
    return { lab: 'sealed', privilege: probe.privilege, warnings: [] };
  }
  const feature = sealedFeature(plan);
  if (feature !== undefined) {
    throw new HarnessError('lab', `${feature} needs a seal`, {
      hint: probe
        ? `${probe.step}: ${probe.reason}. ${probe.fix}`
        : outside
          ? 'let mta.external.start start the MTA in one'
          : 'run it without --no-seal',
    });
  }
  if (outside) {
    const why =
      'The MTA runs on this machine, so the run is on loopback, without a seal: what the MTA does not send to windtunnel really leaves.';
    return { lab: 'loopback', privilege: undefined, warnings: [why] };
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

/** What of a plan takes a seal; undefined: nothing. */
function sealedFeature({ incidents, checks, faults, queueDisk }: Plan): string | undefined {
  if (incidents.some(({ unreachable, dns }) => unreachable ?? dns))
    return 'an incident that takes mail hosts or names away';
  if (queueDisk !== undefined) return "a disk of its own for the MTA's queue";
  if (faults.some(({ what }) => what.kind === 'dns')) return 'a fault of the DNS';
  if (checks) return 'a security check';
  return undefined;
}
