import type { Lane } from '../jobs/job.ts';

/**
 * The deployments of a pool that a lane may ever use: where there is a provisioned one, the provisioned ones and those that list the
 * lane in `spill`; else all. A pause changes nothing about it.
 */
export function deploymentsFor<T extends { readonly isProvisioned: boolean; readonly spill: readonly Lane[] }>(
  deployments: readonly T[],
  lane: Lane,
): readonly T[] {
  const hasProvisioned = deployments.some(({ isProvisioned }) => isProvisioned);
  return deployments.filter(({ isProvisioned, spill }) => !hasProvisioned || isProvisioned || spill.includes(lane));
}
