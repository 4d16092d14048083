import type { Lane } from '../jobs/job.ts';
import { byName } from './by-name.ts';
import { cloneLedger, type DeploymentLedger } from './deployment-ledger.ts';
import { cloneLaneLine, createLaneLine, type LaneLine } from './lane-line.ts';
import { cloneTeamLine, type TeamLine } from './team-line.ts';
import { cloneRing, type TokenRing } from './token-ring.ts';

/** A far send time held for the job at the head of a line that found no room near. */
export interface Reservation {
  readonly jobId: string;
  readonly team: string;
  readonly lane: Lane;
  readonly deployment: string;
  /** What it takes of the deployment. */
  readonly tokens: number;
  /** The estimate it was made for; absent in rows of older builds: `tokens`. */
  readonly neededTokens?: number;
  readonly sendAtMs: number;
}

/** The lines of a pool: who goes next. */
export interface PoolLine {
  lanes: Record<Lane, LaneLine>;
  reservations: Reservation[];
  /** The own lines of teams that have a limit of their own and work in line. */
  teams: Record<string, TeamLine>;
  /** Ids of the newest commits, oldest first: a commit whose answer got lost is known by its own. */
  commits: string[];
}

/** All that the processes share about one pool. */
export interface PoolState {
  readonly line: PoolLine;
  readonly deployments: Map<string, DeploymentLedger>;
  readonly teams: Map<string, TokenRing>;
}

export function createPoolLine(): PoolLine {
  return {
    lanes: { interactive: createLaneLine(), standard: createLaneLine(), bulk: createLaneLine() },
    reservations: [],
    teams: byName(),
    commits: [],
  };
}

/** A pool that nobody has booked on. */
export function createPoolState(): PoolState {
  return { line: createPoolLine(), deployments: new Map(), teams: new Map() };
}

/** A copy to decide on: the original stays what was read. */
export function clonePoolState(state: PoolState): PoolState {
  const { interactive, standard, bulk } = state.line.lanes;
  return {
    line: {
      lanes: {
        interactive: cloneLaneLine(interactive),
        standard: cloneLaneLine(standard),
        bulk: cloneLaneLine(bulk),
      },
      reservations: state.line.reservations.slice(),
      teams: byName(Object.entries(state.line.teams).map(([team, line]) => [team, cloneTeamLine(line)])),
      commits: state.line.commits.slice(),
    },
    deployments: new Map([...state.deployments].map(([name, ledger]) => [name, cloneLedger(ledger)])),
    teams: new Map([...state.teams].map(([name, ring]) => [name, cloneRing(ring)])),
  };
}
