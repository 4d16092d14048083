import { hostname } from 'node:os';
import { BlobContentStore } from './adapters/azure-blobs/content-store.ts';
import { makeTextBlobReader } from './adapters/azure-blobs/text-blob.ts';
import { AzureWakeQueue } from './adapters/azure-queues/wake-queue.ts';
import { connectStorage, type StorageConnection } from './adapters/azure-storage/connection.ts';
import { ensureStorage } from './adapters/azure-storage/ensure-storage.ts';
import { tableNames } from './adapters/azure-storage/storage-names.ts';
import { BoundedTable } from './adapters/azure-tables/bounded-table.ts';
import { TableCapacityStore } from './adapters/azure-tables/capacity-store.ts';
import { TableDeadLetters } from './adapters/azure-tables/dead-letters.ts';
import { TableJobStore } from './adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from './adapters/azure-tables/live-job-store.ts';
import { TableUsageStore } from './adapters/azure-tables/usage-store.ts';
import { makeConfigSource } from './adapters/config-source/config-source.ts';
import { ConsoleTelemetry } from './adapters/console/telemetry.ts';
import { makeTokenCounter } from './adapters/gpt-tokenizer/token-counter.ts';
import { makeEntraTokenVerifier } from './adapters/jose/entra-token-verifier.ts';
import { createTokenSource, defaultTokenScope } from './adapters/openai/token-source.ts';
import { OpenAIUpstream } from './adapters/openai/upstream.ts';
import { systemRandom } from './adapters/system/random.ts';
import { sha256 } from './adapters/system/sha256.ts';
import { StorageClock } from './adapters/system/storage-clock.ts';
import { type AppSettings, readAppSettings } from './app-settings.ts';
import { createPoolLimitsReader } from './capacity/pool-limits.ts';
import { PooledCapacity } from './capacity/pooled-capacity.ts';
import type { ConfigSource } from './config/config-source.ts';
import { Census } from './gateway/census.ts';
import { Drain } from './gateway/drain.ts';
import { ExtraCalls } from './gateway/extra-calls.ts';
import { JobSignals } from './gateway/job-signals.ts';
import type { Ports } from './gateway/ports.ts';
import { TeamWriter } from './gateway/team-writer.ts';
import { WeirError } from './http/weir-error.ts';
import { authenticate } from './identity/authenticate.ts';
import type { Principal } from './identity/principal.ts';
import type { HeaderReader } from './identity/read-credential.ts';
import { breakerPolicy } from './routing/breaker-policy.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** The app as its functions see it. */
export interface Application {
  readonly ports: Ports;
  /** Who is asking; throws the refusal. */
  authenticate(headers: HeaderReader): Promise<Principal>;
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
  const clock = new StorageClock();
  const telemetry = await openTelemetry();
  const connection = connectStorage({ settings: process.env, observeDate: (observed) => clock.observe(observed) });
  const config = makeConfigSource({
    setting: settings.WEIR_CONFIG,
    keysSetting: settings.WEIR_KEYS ?? null,
    readBlob: makeTextBlobReader({ connection }),
    telemetry,
    now: () => clock.now(),
  });
  await config.start();
  const ports = compose({ telemetry, clock, connection, config });
  await ensureStorage(connection);
  isReady = true;
  return { ports, authenticate: makeAuthenticate(ports) };
}

function compose(base: {
  telemetry: Telemetry;
  clock: StorageClock;
  connection: StorageConnection;
  config: ConfigSource;
}): Ports {
  const { telemetry, clock, connection, config } = base;
  const random = systemRandom;
  const reportDamage = (error: Error) => {
    const { message } = error;
    telemetry.track({ type: 'notice', atMs: clock.now(), level: 'error', name: 'damaged_row', message, fields: {} });
  };
  const jobs = new TableJobStore({ connection, random, reportDamage });
  const live = new TableLiveJobStore({ connection, reportDamage });
  const token = createTokenSource({
    scope: settings.WEIR_OPENAI_SCOPE ?? defaultTokenScope,
    isInAzure: settings.WEBSITE_INSTANCE_ID !== undefined,
    clientId: settings.AZURE_CLIENT_ID ?? null,
  });
  return {
    clock,
    random,
    sha256,
    config,
    jobs,
    live,
    usage: new TableUsageStore({ connection, reportDamage }),
    contents: new BlobContentStore({ connection, sha256 }),
    wakeQueue: new AzureWakeQueue({ connection }),
    deadLetters: new TableDeadLetters(new BoundedTable(connection, tableNames.teams)),
    upstream: new OpenAIUpstream({ settings: process.env, token }),
    capacity: new PooledCapacity({
      store: new TableCapacityStore({ connection, random }),
      clock,
      random,
      telemetry,
      health: breakerPolicy,
      limits: createPoolLimitsReader(() => config.current()),
    }),
    telemetry,
    tokenCounter: makeTokenCounter(),
    writer: new TeamWriter({ store: jobs, clock, random }),
    census: new Census({ store: live, clock }),
    signals: new JobSignals(),
    drain: new Drain(),
    extraCalls: new ExtraCalls(clock),
    settings: { leaseMs: settings.WEIR_LEASE_SECONDS * 1000, graceMs: settings.WEIR_GRACE_SECONDS * 1000 },
    holder: `${hostname()}/${process.pid}/${random.hex(4)}`,
  };
}

function makeAuthenticate(ports: Ports): Application['authenticate'] {
  const tokenVerifier = makeEntraTokenVerifier(() => ports.clock.now());
  const isPlatformAuthOn = settings.WEBSITE_AUTH_ENABLED?.toLowerCase() === 'true';
  return async (headers) => {
    const config = ports.config.current();
    const principal = await authenticate({ config, sha256, tokenVerifier, isPlatformAuthOn }, headers);
    if (principal instanceof WeirError) throw principal;
    return principal;
  };
}

/** Application Insights where a connection string is set, readable lines otherwise. */
async function openTelemetry(): Promise<Telemetry> {
  const connectionString = settings.APPLICATIONINSIGHTS_CONNECTION_STRING;
  if (connectionString === undefined) return new ConsoleTelemetry({ level: settings.WEIR_LOG_LEVEL });
  const { ApplicationInsightsTelemetry } = await import('./adapters/application-insights/telemetry.ts');
  const authenticationString = settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING ?? null;
  return new ApplicationInsightsTelemetry({ connectionString, authenticationString, environment: process.env });
}
