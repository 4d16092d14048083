/** A job's place in its lane's line: start-time fair-queueing tags in the lane's virtual time (capacity units per share). */
export interface Ticket {
  readonly start: number;
  readonly finish: number;
  /** Its place in the line of a team that has a limit of its own; absent for a team without one, and in rows of older builds. */
  readonly own?: OwnPlace;
}

/** What a team's own limit is counted in: requests only where it has no limit in tokens. */
export type LimitUnit = 'tokens' | 'requests';

/** A place in a team's own line, in the unit of that team's limit. */
export interface OwnPlace {
  readonly start: number;
  readonly finish: number;
  readonly unit: LimitUnit;
  /** It has not joined its lane's line yet: until its team's limit lets it, `start` and `finish` of the ticket are a forecast. */
  readonly isWaiting: boolean;
}

/** The line that decides when a ticket's turn comes: its lane's (null), or its team's own while that holds it. */
export function lineOf(ticket: Ticket | null, team: string): string | null {
  return ticket?.own?.isWaiting === true ? team : null;
}

/** How far back a ticket stands in the line that decides; 0 without one. */
export function placeOf(ticket: Ticket | null): number {
  return (ticket?.own?.isWaiting === true ? ticket.own.start : ticket?.start) ?? 0;
}
