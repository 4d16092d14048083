import type { DeploymentConfig } from '../config/config-schema.ts';
import type { OuterPorts } from './outer-ports.ts';

/** A deployment that this process cannot sign calls for is not asked for by it for so long. */
const unreadyMs = 5000;
/** Operators hear of one that stays so twice a minute. */
const noticeEveryMs = 30_000;

interface Unready {
  readonly untilMs: number;
  readonly noticedAtMs: number;
}

/**
 * Which deployments this process cannot call for want of a key, a token or the client. That is its own trouble, not the
 * region's: it leaves them to other processes and tells no shared row.
 */
export class Readiness {
  readonly #ports: Pick<OuterPorts, 'upstream' | 'clock' | 'telemetry'>;
  readonly #unready = new Map<string, Unready>();

  constructor(ports: Pick<OuterPorts, 'upstream' | 'clock' | 'telemetry'>) {
    this.#ports = ports;
  }

  /** Names of the model's deployments that failed to get ready a moment ago. */
  unready(model: string): readonly string[] {
    const nowMs = this.#ports.clock.now();
    const prefix = `${model}/`;
    return [...this.#unready]
      .filter(([key, { untilMs }]) => key.startsWith(prefix) && nowMs < untilMs)
      .map(([key]) => key.slice(prefix.length));
  }

  /** Gets a deployment ready; false when a call could not be signed. */
  async prepare(model: string, deployment: DeploymentConfig): Promise<boolean> {
    const { upstream, clock, telemetry } = this.#ports;
    const key = `${model}/${deployment.name}`;
    if (await upstream.prepare(deployment)) {
      this.#unready.delete(key);
      return true;
    }
    const now = clock.now();
    const before = this.#unready.get(key)?.noticedAtMs ?? 0;
    const isTold = now - before < noticeEveryMs;
    this.#unready.set(key, { untilMs: now + unreadyMs, noticedAtMs: isTold ? before : now });
    if (isTold) return false;
    telemetry.track({
      type: 'notice',
      atMs: now,
      level: 'error',
      name: 'credential_unavailable',
      message:
        'This process has no key or token for a deployment; its jobs go elsewhere. Look at the setting that the deployment names, or at the identity and its role.',
      fields: { model, deployment: deployment.name, region: deployment.region },
    });
    return false;
  }
}
