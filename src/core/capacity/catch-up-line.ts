import { lanes } from '../jobs/job.ts';
import { weigh } from './decision.ts';
import type { DeploymentLedger } from './deployment-ledger.ts';
import { cloneLaneLine, passWork } from './lane-line.ts';
import type { PoolLimits } from './pool-limits.ts';
import type { PoolLine } from './pool-state.ts';
import type { TokenRing } from './token-ring.ts';

/** Deployments whose rows are sound, as they are and as they were when the line was last seen. */
interface Since {
  readonly now: ReadonlyMap<string, DeploymentLedger>;
  readonly before: ReadonlyMap<string, DeploymentLedger>;
}

/**
 * A line as it must be by now, from how a process last saw it: the deployments' rows tell what has been booked since, and each lane is
 * taken to have had the part of that which it had of the last ten minutes. Without it those who were served since would stand in line once
 * more, and all behind them would sleep for as long as nobody comes for their places.
 */
export function catchUpLanes(last: PoolLine, since: Since, limits: PoolLimits): PoolLine['lanes'] {
  const { interactive, standard, bulk } = last.lanes;
  const caughtUp = {
    interactive: cloneLaneLine(interactive),
    standard: cloneLaneLine(standard),
    bulk: cloneLaneLine(bulk),
  };
  let booked = 0;
  for (const [name, { ring }] of since.now) booked += bookedSince(ring, since.before.get(name)?.ring);
  const usedBy = (lane: (typeof lanes)[number]) => sumFrom(last.lanes[lane].used, 0);
  const used = lanes.reduce((sum, lane) => sum + usedBy(lane), 0);
  if (booked <= 0 || used <= 0) return caughtUp;
  for (const lane of lanes) passWork(caughtUp[lane], (booked * usedBy(lane)) / used, weigh(limits));
  return caughtUp;
}

/** Tokens that a ring holds beyond what it held then; what has left it since is not counted on either side. */
function bookedSince(now: TokenRing, then: TokenRing | undefined): number {
  const before = then === undefined ? 0 : sumFrom(then, now.first);
  return Math.max(0, sumFrom(now, now.first) - before);
}

function sumFrom({ first, tokens }: TokenRing, bucket: number): number {
  return tokens.slice(Math.max(0, bucket - first)).reduce((sum, charged) => sum + charged, 0);
}
