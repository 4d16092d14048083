import { DamagedRowError, NewerRowError } from '../../versioned.ts';
import type { StoredRow } from './row-columns.ts';

/** Told of a row that a listing passes over: damaged, or written by a newer version. */
export type ReportDamage = (error: DamagedRowError | NewerRowError) => void;

/** Reads the rows of a listing; one that cannot be read is reported and left out, so that it does not hide all others. */
export function readRows<T>(
  rows: readonly StoredRow[],
  read: (row: StoredRow) => T,
  reportDamage: ReportDamage,
): readonly T[] {
  return rows.flatMap((row) => {
    try {
      return [read(row)];
    } catch (error) {
      if (!(error instanceof DamagedRowError || error instanceof NewerRowError)) throw error;
      reportDamage(error);
      return [];
    }
  });
}
