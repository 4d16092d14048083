import { type Decision, RESERVE } from './decision.ts';
import { paceAllows, tokenLimit } from './deployment-ledger.ts';
import { deploymentRing, fullestFrom } from './token-ring.ts';

/** Each entry is for so much later. */
const STEP_MS = 1000;
const STEPS = Math.ceil((deploymentRing.bucketMs * deploymentRing.windowBuckets) / STEP_MS);

/** What the pool can still be sent until each step of the next minute: tokens by index, the first until now, never less than before. */
export interface RoomAhead {
  readonly tokens: readonly number[];
}

/**
 * What windows and paces let paced lanes send to the open deployments in the next minute. Windows are known that far: everything that
 * is booked or held leaves them at a known time, so that the room which a big job leaves behind, or which one takes, is foreseen.
 */
export function findRoomAhead(decision: Decision): RoomAhead {
  decision.roomAhead ??= reckonRoom(decision);
  return decision.roomAhead;
}

function reckonRoom({ open, nowMs }: Decision): RoomAhead {
  const tokens = new Array<number>(STEPS + 1).fill(0);
  for (const { ledger, limits, verdict, fromMs } of open) {
    const limit = tokenLimit(ledger, limits) * verdict.share * (1 - RESERVE);
    const fullest = fullestFrom(deploymentRing, ledger.ring, nowMs, STEPS * (STEP_MS / deploymentRing.bucketMs));
    for (let step = 0; step <= STEPS; step += 1) {
      const atMs = nowMs + step * STEP_MS;
      if (atMs < fromMs) continue;
      const room = limit - (fullest[step * (STEP_MS / deploymentRing.bucketMs)] ?? 0);
      tokens[step] = (tokens[step] ?? 0) + Math.max(0, Math.min(room, paceAllows(ledger, limits, atMs)));
    }
  }
  return { tokens };
}

/** After how many milliseconds so many tokens can have been sent; beyond the minute at `perMs`. */
export function whenRoomFor({ tokens }: RoomAhead, wanted: number, perMs: number): number {
  const step = tokens.findIndex((room) => room >= wanted);
  if (step === 0) return 0;
  const last = tokens.length - 1;
  if (step < 0) return last * STEP_MS + (wanted - (tokens[last] ?? 0)) / perMs;
  const [before, after] = [tokens[step - 1] ?? 0, tokens[step] ?? 0];
  return (step - 1 + (wanted - before) / (after - before)) * STEP_MS;
}
