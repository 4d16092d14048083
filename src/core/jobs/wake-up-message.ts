import type { WakeUp } from './wake-queue.ts';

/** Version of the messages that this code writes and reads. */
const messageVersion = 1;

/** What a message's text turned out to be. `reason` says what is wrong and never repeats the text. */
export type WakeUpReading =
  | { readonly kind: 'wake-up'; readonly wakeUp: WakeUp }
  /** Written by a newer version of Weir: not ours to judge. */
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'invalid'; readonly reason: string };

// Storage keys are made of these; what does not match points to no row.
const teamPattern = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const jobPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** The text of a wake-up: `{"v":1,"team":…,"job":…}`. */
export function writeWakeUpMessage(wakeUp: WakeUp): string {
  return JSON.stringify({ v: messageVersion, team: wakeUp.team, job: wakeUp.job });
}

/** Reads a queue message, whatever anyone has put there; further fields are passed over. */
export function parseWakeUpMessage(text: string): WakeUpReading {
  const message = parseObject(text);
  if (typeof message === 'string') return { kind: 'invalid', reason: message };
  const { v, team, job } = message;
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 1)
    return { kind: 'invalid', reason: describeFault('v', v, 'version') };
  if (v > messageVersion) return { kind: 'newer', version: v };
  if (typeof team !== 'string' || !teamPattern.test(team))
    return { kind: 'invalid', reason: describeFault('team', team, 'name') };
  if (typeof job !== 'string' || !jobPattern.test(job))
    return { kind: 'invalid', reason: describeFault('job', job, 'job id') };
  return { kind: 'wake-up', wakeUp: { team, job } };
}

function describeFault(field: string, value: unknown, what: string): string {
  return value === undefined ? `${field} is missing` : `${field} is not a valid ${what}`;
}

/** The object, or what the text is instead. */
function parseObject(text: string): { v?: unknown; team?: unknown; job?: unknown } | 'not JSON' | 'not a JSON object' {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : 'not a JSON object';
  } catch {
    return 'not JSON';
  }
}
