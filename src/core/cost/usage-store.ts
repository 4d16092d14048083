import type { Page } from '../versioned.ts';
import type { UsageRow } from './usage-row.ts';

/** Half-open window [fromMs, toMs) of usage. */
export interface UsageWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Port: what was used. Rows are written in the transactions of the JobStore. */
export interface UsageStore {
  /** Rows of one team in the window, newest first. */
  list(team: string, window: UsageWindow, after: string | null): Promise<Page<UsageRow>>;
  /** The newest `limit` rows of one team, newest first. */
  newest(team: string, limit: number): Promise<readonly UsageRow[]>;
  /** Removes some of the team's rows older than `beforeMs`, about a thousand a call; tells how many: 0 when there are none left. */
  removeBefore(team: string, beforeMs: number): Promise<number>;
}
