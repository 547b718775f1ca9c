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

/** What each word means for each score that can have it; the begin of a sentence. */
const REASONS: Readonly<Record<string, Readonly<Record<Word, string>>>> = {
  utilisation: {
    never: 'nothing was ever accepted',
    'not reached': 'the run ended before there was enough to judge',
    'not applicable': 'a perfect sender would have had nothing accepted either',
  },
  reaction_time: {
    never: 'the pace never settled within what was allowed',
    'not reached': 'the run ended before the pace could be seen to stay within what was allowed',
    'not applicable': 'nothing was throttled in the incident',
  },
  first_backoff: {
    never: 'never backed off',
    'not reached': 'the run ended before it was seen to back off',
    'not applicable': 'nothing was throttled in the incident',
  },
  recovery_time: {
    never: 'never recovered',
    'not reached': 'the run ended before it could be seen to recover',
    'not applicable': 'the incident left nothing to recover from',
  },
  drain_time: {
    never: 'the backlog never got back to what it was',
    'not reached': 'the run ended before the backlog was back to what it was',
    'not applicable': 'the incident left no backlog',
  },
  collateral: {
    never: 'the other ISPs accepted nothing',
    'not reached': 'the run ended before there was enough to judge',
    'not applicable': 'there was no other ISP, or no baseline, to compare with',
  },
  oscillation: {
    never: 'nothing was ever tried',
    'not reached': 'the run ended before there were enough attempts to judge',
    'not applicable': 'there were too few attempts to judge',
  },
};

/** Why a metric has a word in place of a number: `never recovered`. */
export function reasonOf(metric: string, word: Word): string {
  return REASONS[metric]?.[word] ?? word;
}
