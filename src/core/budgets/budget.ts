/** A team's money in one period (row `budget|<period>`), integer nano-dollars. */
export interface Budget {
  readonly team: string;
  /** `YYYY-MM` in the team's time zone. */
  readonly period: string;
  readonly spentNanoUsd: number;
  /** Sum of the holds of jobs that have not ended. */
  readonly heldNanoUsd: number;
}
