/** What k6 runs where no load has a script of its own. */
import { testOf } from './test.ts';

const test = testOf([]);

export const options = test.options;
export const setup = test.setup;
export const handleSummary = test.handleSummary;
export default test.iterate;
