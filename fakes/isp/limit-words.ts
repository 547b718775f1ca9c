/** The words in which limits are described. Apart from the schema, which a process that serves an ISP has no use for. */

/** Whom a limit counts for: each value of it has an account of its own. */
export const LIMIT_KEYS = [
  'source',
  'netblock',
  'sender-domain',
  'dkim-domain',
  'isp',
  'connection',
  'transaction',
  'mailbox',
] as const;
export type LimitKey = (typeof LIMIT_KEYS)[number];

/** Who can earn a penalty or a reputation. */
export const STANDING_KEYS = [
  'source',
  'netblock',
  'sender-domain',
  'dkim-domain',
] as const satisfies readonly LimitKey[];
export type StandingKey = (typeof STANDING_KEYS)[number];

/** What a limit counts. */
export const LIMIT_UNITS = ['transactions', 'recipients', 'bytes', 'connections'] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

/** Where a limit is checked and charged. */
export const LIMIT_STAGES = ['connect', 'mail', 'rcpt', 'dot'] as const;
export type LimitStage = (typeof LIMIT_STAGES)[number];
