import { describeEvent, levelOfEvent, type TelemetryLevel, telemetryLevels } from '../../telemetry/describe-event.ts';
import type { Telemetry, TelemetryEvent } from '../../telemetry/telemetry.ts';

export interface ConsoleTelemetryOptions {
  /** Events below it are not written; `silent` writes none. */
  readonly level: TelemetryLevel;
  /** Where lines go; standard output when absent. */
  readonly write?: (line: string) => void;
}

/** Telemetry as readable lines, one per event, for local runs. A closed output loses lines and nothing else. */
export class ConsoleTelemetry implements Telemetry {
  private readonly least: number;
  private readonly write: (line: string) => void;

  constructor(options: ConsoleTelemetryOptions) {
    this.least = telemetryLevels.indexOf(options.level);
    this.write = options.write ?? ((line) => process.stdout.write(line));
  }

  track(event: TelemetryEvent): void {
    if (telemetryLevels.indexOf(levelOfEvent(event)) < this.least) return;
    try {
      this.write(`${new Date(event.atMs).toISOString().slice(11, 23)} ${describeEvent(event)}\n`);
    } catch {
      // Reporting never fails a job.
    }
  }

  async flush(): Promise<void> {
    // Standard output is written as it comes.
  }
}
