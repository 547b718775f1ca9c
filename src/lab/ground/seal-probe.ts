/** Entry of the throwaway program that `probeSeal` starts in a seal: does all that a lab does, and tells how far it got. */
import { HarnessError, messageOf } from '../../core/errors.ts';
import { exit, parentChannel } from '../../core/process.ts';
import { RESOLVER } from '../../scenario/addresses.ts';
import { bindNames } from './names.ts';
import { type ProbeReport, proveSealed } from './seal.ts';
import { raiseWires } from './wire.ts';

const channel = parentChannel<ProbeReport, never>();
channel.onDisconnect(() => exit(1));

let step = 'name lookups';
try {
  await bindNames({ resolver: RESOLVER });
  step = 'wire';
  const host = await raiseWires({ sources: [] });
  step = 'proof';
  proveSealed();
  proveSealed(host.pid);
  await channel.flush({ ok: true });
} catch (error) {
  const hint = (error instanceof HarnessError && error.hint) || 'report this as a bug';
  const fix = `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;
  await channel.flush({ ok: false, step, reason: messageOf(error), fix });
}
exit(0);
