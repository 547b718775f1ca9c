import type { MachineLimits } from '../../src/lab/machine/machine.ts';

/** The limits of a system that tells nothing of them. */
export const UNTOLD_LIMITS: MachineLimits = {
  descriptors: { soft: undefined, hard: undefined, ceiling: undefined, raisable: false },
  systemDescriptors: undefined,
  processes: undefined,
  ports: undefined,
  acceptQueue: undefined,
  synBacklog: undefined,
  synCookies: undefined,
  tcpPages: undefined,
  conntrack: undefined,
};
