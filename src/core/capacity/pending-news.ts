import type { News } from './apply-news.ts';
import type { BookingRequest, BookingResult } from './capacity.ts';
import { type CommitName, fateOf } from './commit-trail.ts';
import type { Ticket } from './ticket.ts';

/** News on its way into the row, and the commits that carried it and whose answers got lost. */
export interface PendingNews {
  readonly news: News;
  /** Everybody should know before the next booking; it stays so until it is told. */
  readonly isUrgent: boolean;
  readonly tries: readonly CommitName[];
  /** It is news only if this commit happened: until that is known it is held. */
  readonly ifApplied?: CommitName;
}

export function pend(news: News, isUrgent = false): PendingNews {
  // An unsent probe keeps its deployment closed for everybody.
  const isUnsentProbe = news.kind === 'released' && news.booking.why === 'probe';
  return { news, isUrgent: isUrgent || isUnsentProbe, tries: [] };
}

/** Teams whose bookings or places come back with one commit: with the deployments and other teams' bookings their rows still fit it. */
const MOST_TEAMS = 20;

/** Splits news that wait, oldest first, into what the next commit can carry beside `carried` and the rest. */
export function takeNews(
  carried: readonly PendingNews[],
  waiting: readonly PendingNews[],
): { readonly taken: readonly PendingNews[]; readonly left: readonly PendingNews[] } {
  const teams = new Set(carried.map(({ news }) => teamOf(news)));
  let count = 0;
  for (const { news } of waiting) {
    const team = teamOf(news);
    if (!teams.has(team) && teams.size >= MOST_TEAMS) break;
    teams.add(team);
    count += 1;
  }
  return { taken: waiting.slice(0, count), left: waiting.slice(count) };
}

/** The team whose own ring news may change. */
function teamOf(news: News): string {
  if (news.kind === 'left') return news.place.team;
  return news.kind === 'released' ? news.booking.team : news.report.booking.team;
}

/**
 * What is still to be told, by the line's trail: nothing is entered twice, for a booking that is given back twice is room that
 * does not exist. Where the trail no longer tells, what would give capacity back is left out: it passes within a minute.
 */
export function settleNews(pending: readonly PendingNews[], trail: readonly string[]): PendingNews[] {
  return pending.flatMap((item): PendingNews[] => {
    const condition = item.ifApplied === undefined ? 'applied' : fateOf(trail, item.ifApplied);
    if (condition === 'open') return [item];
    if (condition !== 'applied') return [];
    const fates = item.tries.map((name) => fateOf(trail, name));
    if (fates.includes('applied')) return [];
    const { news, isUrgent, tries } = item;
    if (!fates.includes('unknown')) {
      return [{ news, isUrgent, tries: tries.filter((name) => fateOf(trail, name) === 'open') }];
    }
    if (news.kind === 'released') return [];
    return [pend(news.kind === 'reported' ? { ...news, keepsCharge: true } : news, isUrgent)];
  });
}

/** What has to be given back if a commit whose callers were turned away did happen: their bookings and new tickets. */
export function undoneIfApplied(
  name: CommitName,
  requests: readonly BookingRequest[],
  results: readonly BookingResult[],
): PendingNews[] {
  return requests.flatMap((request, index): PendingNews[] => {
    const result = results[index];
    if (result?.outcome === 'booked') {
      return [{ ...pend({ kind: 'released', booking: result.booking }), ifApplied: name }];
    }
    const ticket = result?.outcome === 'wait' ? newPlaceOf(request, result.ticket) : null;
    if (ticket === null) return [];
    const { jobId, team, lane, estimate } = request;
    return [{ ...pend({ kind: 'left', place: { jobId, team, lane, estimate, ticket } }), ifApplied: name }];
  });
}

/** What a ticket holds that its job did not hold before; null when that is nothing. */
function newPlaceOf({ ticket: known }: BookingRequest, ticket: Ticket | null): Ticket | null {
  if (known === null || ticket === null) return ticket;
  const hasJoined = known.own?.isWaiting === true && ticket.own?.isWaiting === false;
  // Its place in its team's own line is the one it comes back with.
  return hasJoined ? { start: ticket.start, finish: ticket.finish } : null;
}
