import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { identifyProcess, readCommandLine } from '../start/process-identity.ts';

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
  pids: z.object({ launcher: z.number() }),
});

/** Reads what `npm start` wrote; null when the file is absent, half written, of another shape or of a launcher that is gone. */
export function readRunFile(path: string): WeirLocation | null {
  try {
    const { data } = runFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (data === undefined || !isLauncher(data.pids.launcher)) return null;
    return { baseUrl: data.baseUrl.replace(/\/+$/, ''), keys: data.keys, simulatorUrl: data.simulatorUrl };
  } catch {
    return null;
  }
}

// A launcher that was killed leaves its file, and its number goes to others in time.
function isLauncher(pid: number): boolean {
  if (identifyProcess(pid) === undefined) return false;
  const command = readCommandLine(pid);
  return command === '' || /tools[\\/]start[\\/]main\.ts/.test(command);
}
