/** What loads may ask of the MTA's front door: TLS, AUTH, and addresses to come from. */
import { isLoopback } from '../core/proof.ts';
import type { LoadPlan } from '../driver/load.ts';
import type { Capabilities, User } from '../mta/adapter.ts';
import type { LoadWish } from './load-schema.ts';

/** What can be asked of the simulated ISPs, where there is no MTA. */
const DIRECT: Capabilities['submission'] = { tls: ['starttls'], auth: [], authInClear: 'nobody' };

/** Whom a load speaks to. */
export interface FrontDoor {
  /** The adapter; `none` for the ISPs. */
  readonly adapter: string;
  /** undefined for `none`, and for an adapter that nobody has. */
  readonly capabilities: Capabilities | undefined;
  /** Addresses of the MTA. */
  readonly sources: readonly string[];
}

/** Says of a load what its front door can't do; nothing of an adapter that nobody has. */
export function checkSubmission(
  { adapter, capabilities, sources }: FrontDoor,
  wish: Pick<LoadWish, 'tls' | 'auth'> & { readonly sources: readonly string[] },
  fault: (below: readonly PropertyKey[], message: string) => void,
): void {
  const direct = adapter === 'none';
  const can = direct ? DIRECT : capabilities?.submission;
  if (!can) return;
  const who = direct ? 'the simulated ISPs' : adapter;
  const { tls, auth } = wish;
  if (tls !== 'none' && !can.tls.includes(tls))
    fault(['tls'], `found ${tls}; ${who} can do ${['none', ...can.tls].join(', ')}`);
  if (auth && !can.auth.includes(auth.mechanism)) {
    const offer = can.auth.length === 0 ? 'no AUTH' : `AUTH ${can.auth.join(', ')}`;
    fault(['auth'], `found ${auth.mechanism}; ${who} can do ${offer}`);
  }
  if (direct) {
    if (wish.sources.length > 0) fault(['sources'], 'without an MTA the driver connects from mta.sources');
    return;
  }
  for (const [at, source] of wish.sources.entries()) {
    if (!isLoopback(source) && !sources.includes(source))
      fault(
        ['sources', at],
        `${source} is no address of the MTA's machine, where the driver runs; expected one of 127.0.0.0/8, ::1 or mta.sources`,
      );
  }
  const needsTls =
    can.authInClear === 'nobody' ||
    (can.authInClear === 'loopback' && wish.sources.some((source) => !isLoopback(source)));
  if (auth && can.auth.length > 0 && tls === 'none' && needsTls) {
    const whom = can.authInClear === 'loopback' ? 'to loopback addresses alone' : 'to nobody';
    fault(['auth'], `${who} offers AUTH without TLS ${whom}; expected tls to be ${can.tls.join(' or ')}`);
  }
}

/** The users that loads log in as. Of several passwords for one, the first load's is the right one. */
export function usersOf(loads: readonly Pick<LoadPlan, 'auth'>[]): User[] {
  const users = new Map<string, User>();
  for (const { auth } of loads) {
    if (auth && !users.has(auth.user)) users.set(auth.user, { user: auth.user, password: auth.password });
  }
  return [...users.values()];
}

/** A sentence for each load that logs in with another password than its user's. */
export function passwordNotes(loads: readonly Pick<LoadPlan, 'name' | 'auth'>[]): string[] {
  const users = new Map(usersOf(loads).map(({ user, password }) => [user, password]));
  return loads.flatMap(({ name, auth }) =>
    auth && users.get(auth.user) !== auth.password
      ? [`load ${name} logs in with a wrong password: that of user "${auth.user}" is in a load before it`]
      : [],
  );
}
