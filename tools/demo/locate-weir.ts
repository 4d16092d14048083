import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Where Weir answers at the moment, and the keys it knows. */
export interface WeirLocation {
  readonly baseUrl: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly simulatorUrl: string | null;
}

const runFileSchema = z.object({
  baseUrl: z.url(),
  keys: z.record(z.string(), z.string()),
  simulatorUrl: z.url().nullable().default(null),
});

/** Reads what `npm start` wrote; null when the file is absent, half written or of another shape: then nothing runs. */
export function readRunFile(path: string): WeirLocation | null {
  try {
    const location = runFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return location.success ? { ...location.data, baseUrl: location.data.baseUrl.replace(/\/+$/, '') } : null;
  } catch {
    return null;
  }
}
