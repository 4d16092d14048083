import type { UsageResource } from '../../test/support/compare-bill.ts';
import type { CrashRecord } from '../reliability/crash-point.ts';
import type { RequestRecord } from '../simulator/report.ts';

/**
 * What must be on record about the very attempt at whose moment a worker was killed: whether the service saw and billed it, and
 * how it is booked. Returns a sentence for each thing that is not so.
 */
export function checkCrash(
  crash: CrashRecord,
  books: { readonly requests: readonly RequestRecord[]; readonly rows: readonly UsageResource[] },
): readonly string[] {
  const { point, job, attempt } = crash;
  const calls = books.requests.filter((call) => call.job === job);
  const mine = calls.filter((call) => Number(call.attempt) === attempt);
  const row = books.rows.find((one) => one.job === job && one.attempt === attempt);
  const expect = (isSo: boolean, what: string) =>
    isSo ? [] : [`${job}, attempt ${attempt ?? '–'}, killed ${point}: ${what}`];
  switch (point) {
    case 'afterBooking':
      // Nothing was written: whoever claims next makes this attempt.
      return [];
    case 'afterClaim':
      return [
        ...expect(mine.length === 0, `the service saw ${mine.length} calls of it`),
        ...expect(row?.outcome === 'unknown', `it is booked as ${row?.outcome ?? 'nothing'}, not as unknown`),
      ];
    case 'afterCall':
      return [
        ...expect(mine.length === 1 && mine[0]?.billed === true, 'the service did not bill exactly one call of it'),
        ...expect(row?.outcome === 'unknown', `it is booked as ${row?.outcome ?? 'nothing'}, not as unknown`),
      ];
    case 'afterBlob':
      // The answer that was stored is the job's: it is not asked for again.
      return [
        ...expect(
          calls.every((call) => Number(call.attempt) <= (attempt ?? 0)),
          'the model was called again',
        ),
        ...expect(row?.outcome === 'succeeded' && row.measured, `it is booked as ${row?.outcome ?? 'nothing'}`),
      ];
    case 'afterCommit':
    case 'beforeDelete':
      return expect(!calls.some((call) => call.receivedAtMs > crash.atMs), 'it was called though it had ended');
  }
}
