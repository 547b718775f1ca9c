/** What PowerMTA keeps and tells: bounces and complaints that come back, categories, accounting. */
import { MESSAGE_HEADER } from '../../core/identity.ts';
import type { MtaPlan } from '../adapter.ts';
import { directive, type Entry, tag } from './syntax.ts';

/** Where its accounting files are, in its folder. PowerMTA puts the day and a number before the dot. */
export const ACCOUNTING_FOLDER = 'acct';

/** All types of records that there are. */
const RECORD_TYPES = ['d', 'b', 't', 'tq', 'r', 'f', 'rb', 'rs'];

/** Processors of what comes back to the sender. What they match is delivered all the same, since the mailroom counts it. */
export function processorEntries({ senderDomains }: MtaPlan): Entry[] {
  return ['bounce-processor', 'feedback-loop-processor'].map((name) =>
    tag(name, '', [
      directive('deliver-unmatched-email', 'yes'),
      directive('deliver-matched-email', 'yes'),
      tag(
        'address-list',
        '',
        senderDomains.map((domain) => directive('domain', domain)),
      ),
    ]),
  );
}

/** The file of all records with all their fields. */
export function accountingEntries({ folder }: MtaPlan): Entry[] {
  return [
    tag('acct-file', `${folder}/${ACCOUNTING_FOLDER}/acct.csv`, [
      directive('records', RECORD_TYPES.join(',')),
      ...RECORD_TYPES.map((type) =>
        directive('record-fields', type === 'f' ? `f *,header_${MESSAGE_HEADER}` : `${type} *`),
      ),
      // JMRP was no ARF until June 2026: the recipient is in the message alone.
      directive('map-header-to-field', 'f header_X-HmXmrOriginalRecipient rcpt'),
      directive('iso-times', 'yes'),
      directive('delete-after', 'never'),
    ]),
  ];
}

/**
 * Categories of bounces. Expressions are tried on status and diagnosis, the first one counts: words that say more than their
 * code come first, then codes (RFC 3463), then the rest.
 */
export function categoryEntries(): Entry[] {
  const words: [string, string][] = [
    ['out of storage|over ?quota|mailbox (is )?full', 'quota-issues'],
    [
      '(account|mailbox|user) (that you tried to reach )?(is|has been) (inactive|disabled)',
      'inactive-mailbox',
    ],
    ['does not exist|user unknown|no such user|mailbox not found|not a valid recipient', 'bad-mailbox'],
    ['unauthenticated|unsolicited|block list|spamhaus|suspicious', 'spam-related'],
    ['relaying denied|not allowed to relay', 'relaying-issues'],
  ];
  const codes: [string, string][] = [
    ['[45]\\.1\\.[1346]', 'bad-mailbox'],
    ['[45]\\.1\\.2', 'bad-domain'],
    ['[45]\\.1\\.[78]', 'invalid-sender'],
    ['[45]\\.2\\.1', 'inactive-mailbox'],
    ['[45]\\.2\\.[23]', 'quota-issues'],
    ['[45]\\.3\\.5', 'bad-configuration'],
    ['[45]\\.4\\.1', 'no-answer-from-host'],
    ['[45]\\.4\\.2', 'bad-connection'],
    ['[45]\\.4\\.[346]', 'routing-errors'],
    ['[45]\\.4\\.7', 'message-expired'],
    ['[45]\\.5\\.\\d', 'protocol-errors'],
    ['[45]\\.6\\.\\d', 'content-related'],
    ['[45]\\.7\\.\\d', 'policy-related'],
  ];
  const line = (pattern: string, category: string): Entry => directive(`/${pattern}/`, category);
  return [
    tag('bounce-category-patterns', '', [
      ...words.map(([pattern, category]) => line(pattern, category)),
      ...codes.map(([pattern, category]) => line(`^${pattern}`, category)),
      line('', 'other'),
    ]),
  ];
}
