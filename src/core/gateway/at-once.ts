/**
 * Works on every item, at most `most` at once, begun in order. One that throws stops nothing: when all others are done the
 * first error is thrown.
 */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const waiting = items[Symbol.iterator]();
  const takeTurns = async () => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      try {
        await work(next.value);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: most }, takeTurns));
  if (errors.length > 0) throw errors[0];
}
