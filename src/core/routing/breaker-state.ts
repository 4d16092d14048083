import { type FailureRecord, noFailures } from './failure-window.ts';
import { type Latency, noLatency } from './latency.ts';
import { noService, type ServiceRecord } from './misconfiguration.ts';

/** The right to make the one call that tests a deployment; who lets it run out loses it. */
export interface ProbeLease {
  readonly leasedAtMs: number;
  readonly untilMs: number;
}

/**
 * A deployment's breaker, plain data in its row of the pool.
 *
 * - `closed`: takes calls, unless it cools (`coolUntilMs`). After a lack of capacity one probe comes first.
 * - `open`: takes none before `retryAtMs`; then one probe may be leased.
 * - `half-open`: the probe is out; its outcome decides. If it is never heard of, the lease runs out.
 */
export interface BreakerState {
  readonly v: 1;
  readonly status: 'closed' | 'open' | 'half-open';
  /** Why it is not closed, or why it cools; null when it is well. */
  readonly reason: string | null;
  /** When it opened or began to cool; null when it is well. */
  readonly sinceMs: number | null;
  readonly retryAtMs: number;
  /** Openings in a row, without a quiet minute in between. */
  readonly ejections: number;
  /** When it last closed; 0 never. */
  readonly recoveredAtMs: number;
  readonly coolUntilMs: number;
  /** When the newest call that was answered, with whatever it was, had been sent; 0 none. */
  readonly heardMs: number;
  readonly probesAfterCooling: boolean;
  readonly probe: ProbeLease | null;
  readonly failures: FailureRecord;
  readonly latency: Latency;
  readonly service: ServiceRecord;
}

/** A deployment nobody has called. */
export const freshBreaker: BreakerState = {
  v: 1,
  status: 'closed',
  reason: null,
  sinceMs: null,
  retryAtMs: 0,
  ejections: 0,
  recoveredAtMs: 0,
  coolUntilMs: 0,
  heardMs: 0,
  probesAfterCooling: false,
  probe: null,
  failures: noFailures,
  latency: noLatency,
  service: noService,
};

/** The state as a row carries it; a fresh one for null, for another version and for what is no state at all. */
export function readBreakerState(stored: unknown): BreakerState {
  if (!isBreakerState(stored)) return freshBreaker;
  // Rows of an older build have neither of these.
  const service = isServiceRecord(stored.service) ? stored.service : noService;
  return { ...stored, heardMs: Number(stored.heardMs) || 0, service };
}

const statuses: readonly unknown[] = ['closed', 'open', 'half-open'];
const numbers = ['retryAtMs', 'ejections', 'recoveredAtMs', 'coolUntilMs'] as const;

function isBreakerState(stored: unknown): stored is BreakerState {
  if (!isObject(stored) || stored['v'] !== 1 || !statuses.includes(stored['status'])) return false;
  const { failures, latency, probe } = stored;
  return (
    numbers.every((name) => Number.isFinite(stored[name])) &&
    isObject(failures) &&
    Array.isArray(failures['buckets']) &&
    Number.isFinite(failures['streak']) &&
    isObject(latency) &&
    Number.isFinite(latency['samples']) &&
    (probe === null || (isObject(probe) && Number.isFinite(probe['untilMs']) && Number.isFinite(probe['leasedAtMs'])))
  );
}

function isServiceRecord(stored: unknown): stored is ServiceRecord {
  return isObject(stored) && isObject(stored['servedMs']) && Array.isArray(stored['misses']);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
