/**
 * A record by names that somebody else has chosen. It inherits nothing: a team called `constructor` has no entry until it is given one,
 * and `__proto__` is a name like any other.
 */
export function byName<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) record[name] = value;
  return record;
}
