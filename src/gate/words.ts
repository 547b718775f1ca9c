/** Words that scores have in place of numbers, and how a threshold speaks of them. */

/** Why a score has no number. `not reached`: the run ended before it could be known. */
export type Word = 'never' | 'not reached' | 'not applicable';

/** How a threshold writes each word: without a blank, so that an expression stays one piece. */
export const WRITTEN = {
  never: 'never',
  'not-reached': 'not reached',
  'not-applicable': 'not applicable',
} as const satisfies Record<string, Word>;

/** How a word is written in a threshold: `not-reached`. */
export function written(word: Word): string {
  return word.replace(' ', '-');
}

/**
 * Why a score has each word that it can have (src/analysis/README.md); the begin of a sentence. `not applicable` is said
 * of a run or an incident that left nothing to judge.
 */
const REASONS: Readonly<Record<string, Readonly<Partial<Record<Word, string>>>>> = {
  utilisation: { 'not applicable': 'no MTA held mail that could have been accepted' },
  reaction_time: {
    never: 'the pace never stayed within what was allowed',
    'not reached': 'the time seen was too short to tell a reaction from a slow retry',
    'not applicable': 'nothing was throttled in the incident',
  },
  first_backoff: {
    never: 'never backed off',
    'not applicable': 'nothing was throttled in the incident',
  },
  recovery_time: {
    never: 'never recovered',
    'not reached': 'the run ended before it could be seen to recover',
    'not applicable': 'no MTA held mail that could have been accepted after the incident',
  },
  drain_time: {
    never: 'the backlog never went back to what it was',
    'not reached': 'the run ended before the backlog was back to what it was',
    'not applicable': 'there was no MTA that could have a backlog',
  },
  collateral: { 'not applicable': 'there was no other ISP or no baseline to compare with' },
  suppression_delay: {
    never: 'mail was still sent, or kept to be sent, at the end',
    'not applicable': 'nobody was written to after bad news',
  },
  restart_time: {
    never: 'it was started again and did not take mail',
    'not applicable': 'no fault had the MTA started again',
  },
  oscillation: { 'not applicable': 'there were too few attempts to see a swing' },
};

/** Why a metric has a word in place of a number: `never recovered`; the word itself where there is no more to say. */
export function reasonOf(metric: string, word: Word): string {
  return REASONS[metric]?.[word] ?? word;
}
