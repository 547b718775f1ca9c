import { Aggregate } from '../../src/record/aggregate.ts';

/** A run, all of it baseline, whose one load has twenty messages of one recipient each; no record of it yet. */
export function twentyMessages(ispOf: (message: number) => number): Aggregate {
  const load = { name: 'default', firstMessage: 0, messages: 20, recipientsPerMessage: 1, firstRecipient: 0 };
  return new Aggregate({ loads: [{ ...load, ispOf }], phaseOf: () => 'baseline' });
}
