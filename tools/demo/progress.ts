import { isSettled, type JobRecord } from './job-record.ts';

const barWidth = 20;
const redrawMs = 500;
const lineEveryMs = 5000;

/** Counts of the moment as one line; the bar has a full cell for settled jobs and a half-filled one for accepted jobs. */
export function renderProgress(records: readonly JobRecord[], elapsedMs: number): string {
  const accepted = records.filter((record) => record.id !== null).length;
  const settled = records.filter(isSettled).length;
  const succeeded = records.filter((record) => record.reading?.status === 'succeeded').length;
  const refused = records.filter((record) => record.refusal !== null).length;
  const cells = (count: number) => Math.floor((barWidth * count) / records.length);
  const bar = '█'.repeat(cells(settled)) + '▒'.repeat(cells(accepted) - cells(settled));
  const others = settled - succeeded + refused;
  const seconds = Math.floor(elapsedMs / 1000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const failures = others === 0 ? '' : ` · ${others} not`;
  const counts = `${settled}/${records.length} done · ${accepted} accepted · ${succeeded} succeeded${failures}`;
  return `${clock} ${bar.padEnd(barWidth, '░')} ${counts}`;
}

export interface Progress {
  /** Writes a line of its own without breaking the bar. */
  say(text: string): void;
  stop(): void;
}

/** Shows progress until stopped: a bar drawn in place on a terminal, otherwise a line every five seconds in which something moved. */
export function startProgress(records: readonly JobRecord[], stream: NodeJS.WriteStream, now: () => number): Progress {
  const startedAtMs = now();
  const isTerminal = stream.isTTY === true;
  let lastCounts = '';
  const draw = () => {
    const line = renderProgress(records, now() - startedAtMs);
    if (isTerminal) {
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 120) - 1)}`);
      return;
    }
    const counts = line.slice(line.indexOf(' '));
    if (counts !== lastCounts) stream.write(`${line}\n`);
    lastCounts = counts;
  };
  const timer = setInterval(draw, isTerminal ? redrawMs : lineEveryMs);
  return {
    say(text) {
      stream.write(isTerminal ? `\r\x1b[K${text}\n` : `${text}\n`);
      if (isTerminal) draw();
    },
    stop() {
      clearInterval(timer);
      draw();
      if (isTerminal) stream.write('\n');
    },
  };
}
