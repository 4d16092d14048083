import { makeTextBlobReader } from '../adapters/azure-blobs/text-blob.ts';
import { ensureQueues, ensureTables } from '../adapters/azure-storage/ensure-storage.ts';
import { makeConfigSource } from '../adapters/config-source/config-source.ts';
import type { Ports } from '../gateway/ports.ts';
import { StorageCheck } from '../gateway/storage-check.ts';
import { connectPorts } from './connect-ports.ts';
import { type Authenticate, makeAuthenticate } from './make-authenticate.ts';
import { openBase } from './open-base.ts';
import { openTelemetry } from './open-telemetry.ts';
import { repeatUntilDone } from './repeat-until-done.ts';
import { isConfigWaitedFor, settings } from './settings.ts';

/** The app as its functions see it. */
export interface Application {
  readonly ports: Ports;
  readonly authenticate: Authenticate;
  /** Whether this process can accept work: configuration loaded and storage answering (as of at most two seconds ago). */
  isHealthy(): Promise<boolean>;
}

const untilItWorks = Number.POSITIVE_INFINITY;
/** The request that started this process is answered first: loading SDKs takes the processor for some hundred milliseconds. */
const warmUpAfterMs = 1000;

/** Resolves with the app once its configuration is loaded; storage is made ready meanwhile, however long that takes. */
export async function buildApplication(): Promise<Application> {
  const base = openBase();
  const { clock, connection } = base;
  const telemetry = await openTelemetry();
  const config = makeConfigSource({
    setting: settings.WEIR_CONFIG,
    keysSetting: settings.WEIR_KEYS ?? null,
    readBlob: makeTextBlobReader({ connection }),
    telemetry,
    now: () => clock.now(),
  });
  await repeatUntilDone(isConfigWaitedFor ? untilItWorks : 1, () => config.start(), { telemetry, clock });
  const ports = connectPorts(base, telemetry, config);
  let isStorageReady = false;
  const reachStorage = async () => {
    await ensureTables(connection);
    // Its answer also tells storage time, before the first job is dated by it.
    await ports.live.listTeams();
    isStorageReady = true;
  };
  void repeatUntilDone(untilItWorks, () => ensureQueues(connection), ports);
  void repeatUntilDone(untilItWorks, reachStorage, ports);
  setTimeout(() => void warmUp(ports), warmUpAfterMs).unref();
  const storageCheck = new StorageCheck({ ask: () => ports.live.listTeams(), clock });
  const canAccept = () => isStorageReady && !ports.drain.isDraining;
  return {
    ports,
    authenticate: makeAuthenticate(ports),
    isHealthy: async () => canAccept() && (await storageCheck.isAnswering()),
  };
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
