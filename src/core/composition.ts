import { hostname } from 'node:os';
import { BlobContentStore } from './adapters/azure-blobs/content-store.ts';
import { makeTextBlobReader } from './adapters/azure-blobs/text-blob.ts';
import { AzureWakeQueue } from './adapters/azure-queues/wake-queue.ts';
import { connectStorage, type StorageConnection } from './adapters/azure-storage/connection.ts';
import { ensureQueues, ensureTables } from './adapters/azure-storage/ensure-storage.ts';
import { tableNames } from './adapters/azure-storage/storage-names.ts';
import { BoundedTable } from './adapters/azure-tables/bounded-table.ts';
import { TableCapacityStore } from './adapters/azure-tables/capacity-store.ts';
import { TableDeadLetters } from './adapters/azure-tables/dead-letters.ts';
import { TableJobStore } from './adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from './adapters/azure-tables/live-job-store.ts';
import { TableRepairStore } from './adapters/azure-tables/repair-store.ts';
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
import { mostProbeSeconds, widestGapSeconds } from './config/timer-schedule.ts';
import { AnswerHistory } from './gateway/answer-history.ts';
import { Census } from './gateway/census.ts';
import { ClaimPace } from './gateway/claim-pace.ts';
import { Drain } from './gateway/drain.ts';
import { ExtraCalls } from './gateway/extra-calls.ts';
import { type HandBackPorts, handBack } from './gateway/hand-back.ts';
import { JobSignals } from './gateway/job-signals.ts';
import type { Ports } from './gateway/ports.ts';
import { Readiness } from './gateway/readiness.ts';
import type { ReceivedMessage } from './gateway/receive-message.ts';
import { readOrRecoverBudget } from './gateway/recover-budget.ts';
import { SignsOfLife } from './gateway/signs-of-life.ts';
import { StorageCheck } from './gateway/storage-check.ts';
import { TeamWriter } from './gateway/team-writer.ts';
import { StorageUnavailableError, WeirError } from './http/weir-error.ts';
import { authenticate } from './identity/authenticate.ts';
import type { Principal } from './identity/principal.ts';
import type { HeaderReader } from './identity/read-credential.ts';
import type { Lane } from './jobs/job.ts';
import type { WakeQueue } from './jobs/wake-queue.ts';
import { makeBreakerPolicy } from './routing/breaker-policy.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** The app as its functions see it. */
export interface Application {
  readonly ports: Ports;
  /** Who is asking; throws the refusal. */
  authenticate(headers: HeaderReader): Promise<Principal>;
}

interface RunningApplication extends Application {
  readonly storageCheck: StorageCheck;
}

const settings: AppSettings = readAppSettings(process.env);

/** What triggers are registered with. */
export const hostSettings = {
  sweepSchedule: settings.WEIR_SWEEP_SCHEDULE,
  probeSchedule: settings.WEIR_PROBE_SCHEDULE,
} as const;

/** A document in a blob may not be published yet, or storage may be away: both come right by themselves. */
const isConfigWaitedFor = [settings.WEIR_CONFIG, settings.WEIR_KEYS].some((place) => place?.startsWith('blob:'));
/** A request that comes while the app is still starting waits this long for it. */
const startPatienceMs = 3000;
const retryStartMs = 5000;
/** The request that started this process is answered first: loading SDKs takes the processor for some hundred milliseconds. */
const warmUpAfterMs = 1000;

let starting: Promise<RunningApplication> | null = null;
let running: RunningApplication | null = null;
let base: Base | null = null;
let isStorageReady = false;

/**
 * Starts the app; called by the start hook. Throws the one message that says why it cannot: a wrong setting or configuration.
 * What may come right by itself, storage that is away or a configuration blob that is not published yet, is waited for.
 */
export async function startApplication(): Promise<void> {
  starting ??= build();
  if (isConfigWaitedFor) starting.catch(() => undefined);
  else await starting;
}

/** The app of this process. Throws a 503 while it is still starting. */
export async function getApplication(): Promise<Application> {
  if (running !== null) return running;
  starting ??= build();
  const late = new StorageUnavailableError('starting', null);
  const patience = new Promise<never>((_resolve, reject) => setTimeout(reject, startPatienceMs, late).unref());
  return Promise.race([starting, patience]);
}

/** The app of this process, or null when it has not started after `patienceMs`, for whatever reason. */
export async function waitForApplication(patienceMs: number): Promise<Application | null> {
  if (running !== null) return running;
  starting ??= build();
  return new Promise((resolve) => {
    setTimeout(resolve, patienceMs, null).unref();
    starting?.then(resolve, () => undefined);
  });
}

/** Gives a message that this process cannot handle yet to others; needs the queue alone. */
export function handBackMessage(lane: Lane, message: ReceivedMessage): Promise<void> {
  return handBack({ ...openBase(), random: systemRandom }, lane, message);
}

/** Whether this process can accept work: configuration loaded and storage answering (as of at most two seconds ago). */
export async function isHealthy(): Promise<boolean> {
  if (running === null || !isStorageReady) return false;
  const { ports, storageCheck } = running;
  try {
    ports.config.current();
  } catch {
    return false;
  }
  return !ports.drain.isDraining && (await storageCheck.isAnswering());
}

/** What is left of the host's five seconds for handing over what was reported. */
const flushMs = 500;

let stopping: Promise<void> | null = null;

/** Drains: nothing new is begun, calls in flight finish within the grace time, what was reported is handed over. */
export function stopApplication(): Promise<void> {
  stopping ??= stop();
  return stopping;
}

async function stop(): Promise<void> {
  if (running === null) return;
  const { ports } = running;
  await ports.drain.begin(ports.clock, ports.settings.graceMs);
  await Promise.race([ports.telemetry.flush(), ports.clock.sleep(flushMs)]);
  await ports.config.stop();
}

/** What needs no configuration. */
interface Base extends Omit<HandBackPorts, 'random'> {
  readonly clock: StorageClock;
  readonly connection: StorageConnection;
}

function openBase(): Base {
  if (base !== null) return base;
  const clock = new StorageClock();
  const connection = connectStorage({ settings: process.env, observeDate: (observed) => clock.observe(observed) });
  base = { clock, connection, wakeQueue: new AzureWakeQueue({ connection }) };
  return base;
}

async function build(): Promise<RunningApplication> {
  const { clock, connection, wakeQueue } = openBase();
  const telemetry = await openTelemetry();
  const config = makeConfigSource({
    setting: settings.WEIR_CONFIG,
    keysSetting: settings.WEIR_KEYS ?? null,
    readBlob: makeTextBlobReader({ connection }),
    telemetry,
    now: () => clock.now(),
  });
  await repeatUntilDone(isConfigWaitedFor ? Number.POSITIVE_INFINITY : 1, () => config.start(), { telemetry, clock });
  const ports = compose({ telemetry, clock, connection, wakeQueue, config });
  const reachStorage = async () => {
    await ensureTables(connection);
    // Its answer also tells storage time, before the first job is dated by it.
    await ports.live.listTeams();
  };
  void repeatUntilDone(Number.POSITIVE_INFINITY, () => ensureQueues(connection), { telemetry, clock });
  void repeatUntilDone(Number.POSITIVE_INFINITY, reachStorage, { telemetry, clock }).then(() => {
    isStorageReady = true;
  });
  const storageCheck = new StorageCheck({ ask: () => ports.live.listTeams(), clock });
  running = { ports, authenticate: makeAuthenticate(ports), storageCheck };
  setTimeout(() => void warmUp(ports), warmUpAfterMs).unref();
  return running;
}

/** Loads the SDK and fetches the first token before a job's send time depends on them. What fails here is tried again by the first job. */
async function warmUp({ config, readiness }: Ports): Promise<void> {
  const { pools } = config.current();
  await Promise.all(
    pools.flatMap(({ model, deployments }) =>
      deployments.map((deployment) => readiness.prepare(model, deployment).catch(() => false)),
    ),
  );
}

/** Repeats a step of the start until it is done or has failed `maxTries` times; each failure is told. */
async function repeatUntilDone(
  maxTries: number,
  step: () => Promise<void>,
  ports: { telemetry: Telemetry; clock: StorageClock },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await step();
      return;
    } catch (error) {
      if (tries >= maxTries) throw error;
      const isStorage = error instanceof StorageUnavailableError;
      const message = isStorage ? `Storage is unavailable (${error.operation}).` : String(error);
      const atMs = ports.clock.now();
      ports.telemetry.track({ type: 'notice', atMs, level: 'error', name: 'start_waits', message, fields: { tries } });
      await ports.clock.sleep(retryStartMs);
    }
  }
}

function compose(given: {
  telemetry: Telemetry;
  clock: StorageClock;
  connection: StorageConnection;
  wakeQueue: WakeQueue;
  config: ConfigSource;
}): Ports {
  const { telemetry, clock, connection, wakeQueue, config } = given;
  const random = systemRandom;
  const reportDamage = (error: Error) => {
    const { message } = error;
    telemetry.track({ type: 'notice', atMs: clock.now(), level: 'error', name: 'damaged_row', message, fields: {} });
  };
  const jobs = new TableJobStore({ connection, random, reportDamage });
  const live = new TableLiveJobStore({ connection, reportDamage });
  const usage = new TableUsageStore({ connection, reportDamage });
  const repairs = new TableRepairStore({ connection });
  const budgets = { jobs, live, usage, repairs, config, telemetry, clock };
  const token = createTokenSource({
    scope: settings.WEIR_OPENAI_SCOPE ?? defaultTokenScope,
    isInAzure: settings.WEBSITE_INSTANCE_ID !== undefined,
    clientId: settings.AZURE_CLIENT_ID ?? null,
  });
  const upstream = new OpenAIUpstream({ settings: process.env, token });
  const probeGapMs = (widestGapSeconds(settings.WEIR_PROBE_SCHEDULE) ?? mostProbeSeconds) * 1000;
  return {
    clock,
    random,
    sha256,
    config,
    jobs,
    live,
    usage,
    repairs,
    contents: new BlobContentStore({ connection, sha256 }),
    wakeQueue,
    deadLetters: new TableDeadLetters(new BoundedTable(connection, tableNames.teams)),
    upstream,
    capacity: new PooledCapacity({
      store: new TableCapacityStore({ connection, random }),
      clock,
      random,
      telemetry,
      health: makeBreakerPolicy(probeGapMs),
      limits: createPoolLimitsReader(() => config.current()),
    }),
    telemetry,
    tokenCounter: makeTokenCounter(),
    writer: new TeamWriter({
      store: jobs,
      readBudget: (team, period) => readOrRecoverBudget(budgets, team, period),
      clock,
      random,
    }),
    answers: new AnswerHistory({ store: usage, clock }),
    census: new Census({ store: live, clock }),
    signals: new JobSignals(),
    drain: new Drain(),
    extraCalls: new ExtraCalls(clock),
    signsOfLife: new SignsOfLife(),
    claimPace: new ClaimPace(),
    readiness: new Readiness({ upstream, clock, telemetry }),
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
