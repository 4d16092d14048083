/** Whether the engine knows the IANA time zone. */
export function isValidTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** The budget period that holds the moment, `YYYY-MM` on the calendar of the time zone. */
export function budgetPeriodAt(atMs: number, timeZone: string): string {
  const { year, month } = localTime(atMs, timeZone);
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
}

/** The first moment of the next budget period: local midnight of the 1st, or the first moment after it where clocks skip midnight. */
export function nextResetAtMs(atMs: number, timeZone: string): number {
  const { year, month } = localTime(atMs, timeZone);
  return localMidnight(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, timeZone);
}

/** The first moment of a period such as `2026-11`; null when the text is no period. */
export function periodStartMs(period: string, timeZone: string): number | null {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(period);
  return match === null ? null : localMidnight(Number(match[1]), Number(match[2]), timeZone);
}

interface LocalTime {
  readonly year: number;
  readonly month: number;
  /** The wall clock read as if it were UTC: differences of it are offsets. */
  readonly wallMs: number;
}

const hourMs = 3_600_000;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formatters.set(timeZone, formatter);
  return formatter;
}

function localTime(atMs: number, timeZone: string): LocalTime {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(atMs)
      .map((part) => [part.type, Number(part.value)]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const year = read('year');
  const month = read('month');
  return { year, month, wallMs: Date.UTC(year, month - 1, read('day'), read('hour'), read('minute'), read('second')) };
}

/** Bisects for the first moment whose wall clock has reached midnight of the 1st: right whatever daylight saving does that night. */
function localMidnight(year: number, month: number, timeZone: string): number {
  const target = Date.UTC(year, month - 1, 1);
  let before = target - 26 * hourMs;
  let reached = target + 26 * hourMs;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (localTime(middle, timeZone).wallMs >= target) reached = middle;
    else before = middle;
  }
  return reached;
}
