import type { ConfigFile, MtaPlan } from '../adapter.ts';
import { CERTIFICATE, KEY, policyLua, SHAPING, USERS } from './policy.ts';
import { shapingToml } from './shaping.ts';

/** The policy, in the run's folder. */
export const POLICY = 'policy/init.lua';

/** Every file that KumoMTA reads. settings.yaml says where each setting is known from. */
export function configFiles(plan: MtaPlan): readonly ConfigFile[] {
  const { certificate, users } = plan.submission;
  const passwords = Object.fromEntries(users.map(({ user, password }) => [user, password]));
  return [
    { name: POLICY, text: policyLua(plan), secret: false },
    { name: SHAPING, text: shapingToml(plan), secret: false },
    ...(certificate
      ? [
          { name: CERTIFICATE, text: certificate.cert, secret: false },
          { name: KEY, text: certificate.key, secret: true },
        ]
      : []),
    ...(users.length > 0
      ? [{ name: USERS, text: `${JSON.stringify(passwords, null, 2)}\n`, secret: true }]
      : []),
  ];
}
