import type { TrailEvent } from '../jobs/trail.ts';

/** A job's trail as `GET /jobs/{id}/events` tells it: `at` and `until` in Unix seconds with a fraction, names in snake case. */
export function toEventResources(trail: readonly TrailEvent[]): readonly Readonly<Record<string, unknown>>[] {
  return trail.map(({ type, atMs, ...rest }) => {
    const fields = Object.entries(rest).map(([name, value]) => toWire(name, value));
    return { object: 'job.event', type, at: atMs / 1000, ...Object.fromEntries(fields) };
  });
}

function toWire(name: string, value: unknown): readonly [string, unknown] {
  if (name === 'untilMs' && typeof value === 'number') return ['until', value / 1000];
  return [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value];
}
