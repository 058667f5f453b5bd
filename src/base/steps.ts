/** Work in short steps, for threads that others wait for: a generator that stops after each, and returns what was made. */

/** All of the steps, one after the other. */
export function atOnce<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
