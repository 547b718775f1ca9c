/** Feedback-ID: the header field by which Gmail's senders ask for complaint rates of parts of their mail. */

/** Of the sender's own identifier (documented). */
const SENDER_ID = { least: 5, most: 15 };
/** Fields that are read, from the right (documented). */
const FIELDS = 4;
/** Longer identifiers are cut off, so that nobody fills the memory with them. */
const LONGEST = 64;

/**
 * The identifiers that a value `a:b:c:SenderId` names, the sender's own last, each once. They are counted independently of each
 * other; a field may be empty, and what is left of the fourth from the right means nothing.
 * @returns empty where the sender's identifier is not of 5 to 15 characters, so that nothing is counted
 */
export function feedbackIdsIn(value: string): readonly string[] {
  const fields = value.split(':').map((field) => field.trim());
  const { length } = fields.at(-1) ?? '';
  if (length < SENDER_ID.least || length > SENDER_ID.most) return [];
  const ids = fields.slice(-FIELDS).map((field) => field.slice(0, LONGEST));
  return [...new Set(ids.filter((id) => id !== ''))];
}
