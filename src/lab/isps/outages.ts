/** Mail hosts that can't be reached, and names that can't be looked up, for a while, as a plan's incidents say. */
import type { DnsTrouble } from '../../../fakes/dns-answer.ts';
import { type Clock, type Micros, realClock } from '../../core/clock.ts';
import { HarnessError } from '../../core/errors.ts';
import { runCommand } from '../../core/process.ts';
import type { PlannedIncident } from '../../scenario/incidents.ts';

/** What takes a host or a name away and gives it back. */
export interface Switches {
  /** Drops or refuses packets to an address, in the sealed internet. */
  route(how: 'timeout' | 'no-route', address: string, away: boolean): Promise<void>;
  /** Stops and starts listening on an address. */
  listen(address: string, listening: boolean): void;
  /** Makes lookups of a domain fail, or work again. */
  dns(domain: string, trouble: DnsTrouble | undefined): void;
}

/** Takes mail hosts and names away and gives them back at their moments. Stops waiting when told; nothing needs undoing then. */
export function scheduleOutages(
  incidents: readonly PlannedIncident[],
  epoch: Micros,
  switches: Switches,
  failed: (error: unknown) => void,
  clock: Clock = realClock(epoch),
): () => void {
  let stopped = false;
  const at = async (moment: Micros, act: () => unknown): Promise<void> => {
    await clock.until(moment);
    if (!stopped) await act();
  };
  for (const { start, end, unreachable, dns } of incidents) {
    const turn = (away: boolean) => async (): Promise<void> => {
      for (const domain of dns?.domains ?? []) switches.dns(domain, away ? dns?.how : undefined);
      for (const address of unreachable?.addresses ?? []) {
        const how = unreachable?.how ?? 'refused';
        if (how === 'refused') switches.listen(address, !away);
        else await switches.route(how, address, away);
      }
    };
    if (!unreachable && !dns) continue;
    at(start, turn(true)).catch(failed);
    at(end, turn(false)).catch(failed);
  }
  return () => {
    stopped = true;
  };
}

/** Routes of the sealed internet: packets to an address vanish, or are answered with "host unreachable". */
export async function routeAway(how: 'timeout' | 'no-route', address: string, away: boolean): Promise<void> {
  const kind = how === 'timeout' ? 'blackhole' : 'unreachable';
  const family = address.includes(':') ? '-6' : '-4';
  const target = `${address}/${family === '-6' ? 128 : 32}`;
  const { code, stderr } = await runCommand([
    'ip',
    family,
    'route',
    away ? 'add' : 'del',
    kind,
    target,
    'table',
    'local',
  ]);
  if (code !== 0) throw new HarnessError('lab', `can't make ${address} ${how}: ${stderr.trim()}`);
}
