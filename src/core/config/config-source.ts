import type { WeirConfig } from './config-schema.ts';

/** Port: the configuration in force. Replaced as a whole when its document changes; a bad change keeps the last good one. */
export interface ConfigSource {
  /** The newest valid configuration; throws when `start` has not succeeded. */
  current(): WeirConfig;
  /** Loads for the first time and begins to watch; rejects with the one message that names every problem, and may be called again then. */
  start(): Promise<void>;
  /** Stops watching; what is current stays readable. */
  stop(): Promise<void>;
}
