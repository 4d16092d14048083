import { hostname } from 'node:os';
import { BlobContentStore } from './adapters/azure-blobs/content-store.ts';
import { makeTextBlobReader } from './adapters/azure-blobs/text-blob.ts';
import { AzureWakeQueue } from './adapters/azure-queues/wake-queue.ts';
import { connectStorage, type StorageConnection } from './adapters/azure-storage/connection.ts';
import { ensureStorage } from './adapters/azure-storage/ensure-storage.ts';
import { tableNames } from './adapters/azure-storage/storage-names.ts';
import { BoundedTable } from './adapters/azure-tables/bounded-table.ts';
import { TableDeadLetters } from './adapters/azure-tables/dead-letters.ts';
import { TableJobStore } from './adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from './adapters/azure-tables/live-job-store.ts';
import { TableUsageStore } from './adapters/azure-tables/usage-store.ts';
import { openConfigSource } from './adapters/config-source/open-config-source.ts';
import { makeTokenCounter } from './adapters/gpt-tokenizer/token-counter.ts';
import { createTokenSource, defaultTokenScope } from './adapters/openai/token-source.ts';
import { OpenAIUpstream } from './adapters/openai/upstream.ts';
import { systemRandom } from './adapters/system/random.ts';
import { sha256 } from './adapters/system/sha256.ts';
import { StorageClock } from './adapters/system/storage-clock.ts';
import { openTelemetry } from './adapters/telemetry/open-telemetry.ts';
import { type AppSettings, readAppSettings } from './app-settings.ts';
import type { ConfigSource } from './config/config-source.ts';
import { notYetInForce } from './config/not-yet-in-force.ts';
import { findUnpricedPools } from './cost/price-usage.ts';
import { Census } from './gateway/census.ts';
import { Drain } from './gateway/drain.ts';
import { JobSignals } from './gateway/job-signals.ts';
import type { Ports } from './gateway/ports.ts';
import { ProvisionalCapacity } from './gateway/provisional-capacity.ts';
import { TeamWriter } from './gateway/team-writer.ts';

/** The app as its functions see it. */
export interface Application {
  readonly ports: Ports;
}

const settings: AppSettings = readAppSettings(process.env);

/** What triggers are registered with. */
export const hostSettings = { sweepSchedule: settings.WEIR_SWEEP_SCHEDULE } as const;

let starting: Promise<Application> | null = null;
let isReady = false;

/** Builds the app and waits until it can work; throws the one message that says why it cannot. Called by the start hook. */
export async function startApplication(): Promise<void> {
  await getApplication();
}

/** The app of this process, built at the first call. */
export function getApplication(): Promise<Application> {
  starting ??= build();
  return starting;
}

/** Whether this process can accept work: configuration loaded and storage answering. */
export async function isHealthy(): Promise<boolean> {
  if (starting === null || !isReady) return false;
  try {
    const { ports } = await starting;
    await ports.live.listTeams();
    return !ports.drain.isDraining;
  } catch {
    return false;
  }
}

/** Drains: nothing new is begun, calls in flight finish within the grace time, what was reported is handed over. */
export async function stopApplication(): Promise<void> {
  if (starting === null) return;
  const { ports } = await starting;
  await ports.drain.begin(ports.clock, ports.settings.graceMs);
  await ports.telemetry.flush();
  await ports.config.stop();
}

async function build(): Promise<Application> {
  const telemetry = await openTelemetry(settings);
  const clock = new StorageClock();
  const connection = connectStorage({ settings: process.env, observeDate: (observed) => clock.observe(observed) });
  const config = openConfigSource({
    setting: settings.WEIR_CONFIG,
    keysSetting: settings.WEIR_KEYS ?? null,
    readBlob: makeTextBlobReader({ connection }),
    telemetry,
    clock,
  });
  await config.start();
  const ports = compose({ telemetry, clock, connection, config });
  reportStart(ports);
  await ensureStorage(connection);
  isReady = true;
  return { ports };
}
