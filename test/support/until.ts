/** The real one, also where a test has put another in its place. */
const { setTimeout: wait } = globalThis;

/**
 * Resolves when the condition holds; the test's own timeout ends it if it never does. Looks at it a few times at once and
 * then every few milliseconds, so that what is waited for has the machine.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await condition()); looks++)
    await new Promise((resolve) => {
      if (looks < 100) setImmediate(resolve);
      else wait(resolve, 5);
    });
}
