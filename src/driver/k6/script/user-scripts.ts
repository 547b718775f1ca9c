/** What the generated script (prepare.ts) is made with where loads have scripts of their users. */
// First: it makes the global object that those scripts look for when they are loaded.
import { isNumbered } from './prelude.ts';
import { type Test, testOf, type UserScript } from './test.ts';

/** The test of these users' scripts, in the order of the plan. Throws if they lack what makes their mail known. */
export function assembled(users: readonly UserScript[]): Test {
  const test = testOf(users);
  if (!isNumbered())
    throw new Error(
      'the script hands over mail without numbers; expected windtunnel.number(http) at its top level',
    );
  return test;
}
