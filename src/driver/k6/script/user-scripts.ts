/** What the generated script (prepare.ts) is made with where loads have scripts of their users. */
// First: it makes the global object that those scripts look for when they are loaded.
import './prelude.ts';
import { type Test, testOf, type UserScript } from './test.ts';

/** The test of these users' scripts, in the order of the plan. */
export function assembled(users: readonly UserScript[]): Test {
  return testOf(users);
}
