import { hostname } from 'node:os';
import { BlobContentStore } from '../adapters/azure-blobs/content-store.ts';
import { tableNames } from '../adapters/azure-storage/storage-names.ts';
import { BoundedTable } from '../adapters/azure-tables/bounded-table.ts';
import { TableCapacityStore } from '../adapters/azure-tables/capacity-store.ts';
import { TableDeadLetters } from '../adapters/azure-tables/dead-letters.ts';
import { TableJobStore } from '../adapters/azure-tables/job-store.ts';
import { TableLiveJobStore } from '../adapters/azure-tables/live-job-store.ts';
import { TableRepairStore } from '../adapters/azure-tables/repair-store.ts';
import { TableUsageStore } from '../adapters/azure-tables/usage-store.ts';
import { makeTokenCounter } from '../adapters/gpt-tokenizer/token-counter.ts';
import { createTokenSource, defaultTokenScope } from '../adapters/openai/token-source.ts';
import { OpenAIUpstream } from '../adapters/openai/upstream.ts';
import { sha256 } from '../adapters/system/sha256.ts';
import { createPoolLimitsReader } from '../capacity/pool-limits.ts';
import { PooledCapacity } from '../capacity/pooled-capacity.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { mostProbeSeconds, widestGapSeconds } from '../config/timer-schedule.ts';
import type { OuterPorts } from '../gateway/outer-ports.ts';
import { makeOwnParts } from '../gateway/own-parts.ts';
import type { Ports } from '../gateway/ports.ts';
import { makeBreakerPolicy } from '../routing/breaker-policy.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Base } from './open-base.ts';
import { environment, settings } from './settings.ts';

/** The ports of a process over Azure Storage and the model service; makes no call. */
export function connectPorts(base: Base, telemetry: Telemetry, config: ConfigSource): Ports {
  const { clock, random, connection, wakeQueue } = base;
  const reportDamage = (error: Error) => {
    const { message } = error;
    telemetry.track({ type: 'notice', atMs: clock.now(), level: 'error', name: 'damaged_row', message, fields: {} });
  };
  const token = createTokenSource({
    scope: settings.WEIR_OPENAI_SCOPE ?? defaultTokenScope,
    isInAzure: settings.WEBSITE_INSTANCE_ID !== undefined,
    clientId: settings.AZURE_CLIENT_ID ?? null,
  });
  const probeGapMs = (widestGapSeconds(settings.WEIR_PROBE_SCHEDULE) ?? mostProbeSeconds) * 1000;
  const outer: OuterPorts = {
    clock,
    random,
    sha256,
    config,
    jobs: new TableJobStore({ connection, random, reportDamage }),
    live: new TableLiveJobStore({ connection, reportDamage }),
    usage: new TableUsageStore({ connection, reportDamage }),
    repairs: new TableRepairStore({ connection }),
    contents: new BlobContentStore({ connection, sha256 }),
    wakeQueue,
    deadLetters: new TableDeadLetters(new BoundedTable(connection, tableNames.teams)),
    upstream: new OpenAIUpstream({ settings: environment, token }),
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
    settings: { leaseMs: settings.WEIR_LEASE_SECONDS * 1000, graceMs: settings.WEIR_GRACE_SECONDS * 1000 },
    holder: `${hostname()}/${process.pid}/${random.hex(4)}`,
  };
  return { ...outer, ...makeOwnParts(outer) };
}
