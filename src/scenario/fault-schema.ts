/** What a scenario may say about a fault of the MTA: when, and what happens to it. */
import { z } from 'zod';
import { DNS_TROUBLES } from '../../fakes/dns-answer.ts';
import { realDuration } from './quantities.ts';

/** A fault of the MTA; it does one thing. Times are real. */
export const fault = z.strictObject({
  at: realDuration,
  for: realDuration.optional(),
  /** Ends it: every process at once, or with a word of warning to the first one. */
  kill: z.enum(['SIGKILL', 'SIGTERM']).optional(),
  /** How long after the kill it is started again; absent: it stays down. */
  restart: realDuration.optional(),
  /** Stops every process where it is (SIGSTOP) for a while. */
  pause: z.literal(true, { error: 'expected true' }).optional(),
  /** No room is left for its queue for a while. */
  disk: z.literal('full', { error: 'expected full' }).optional(),
  /** All lookups fail for a while. */
  dns: z.enum(DNS_TROUBLES).optional(),
});
