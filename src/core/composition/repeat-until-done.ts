import type { Clock } from '../clock.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

const retryStartMs = 5000;

/** Repeats a step of the start until it is done or has failed `maxTries` times; each failure but the last is told. */
export async function repeatUntilDone(
  maxTries: number,
  step: () => Promise<void>,
  ports: { readonly telemetry: Telemetry; readonly clock: Clock },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await step();
      return;
    } catch (error) {
      if (tries >= maxTries) throw error;
      const message = error instanceof StorageUnavailableError ? error.report : String(error);
      const atMs = ports.clock.now();
      ports.telemetry.track({ type: 'notice', atMs, level: 'error', name: 'start_waits', message, fields: { tries } });
      await ports.clock.sleep(retryStartMs);
    }
  }
}
