import type { Figures } from './measure.ts';
import { runPeer } from './peers/peer-workers.ts';
import { peers } from './peers/peers.ts';
import { runScenario } from './run-scenario.ts';
import { type Scenario, scenario } from './scenario.ts';
import { backlog, calls } from './scenarios/shared.ts';
import { oneLineWorkers, weirWorkers } from './weir-workers.ts';

/** Loads on which everyone is compared: as the cases of the same name. */
export const comparedScenarios: readonly Scenario[] = [
  scenario('saturation-8', { streams: [backlog] }),
  scenario('mixed-8', { seconds: 480, streams: [backlog, calls] }),
  scenario('saturation-8-hints-86400', { streams: [backlog], hints: '86400' }),
];

const own = { Weir: weirWorkers, 'Weir, one line for all lanes': oneLineWorkers } as const;

/** Weir, the other line that it was compared with, and what apps do today. */
export const strategies: readonly string[] = [...Object.keys(own), ...Object.keys(peers)];

export function runCompared(on: Scenario, strategy: string): Promise<Figures> {
  const peer = peers[strategy];
  if (peer !== undefined) return runPeer(on, peer);
  return runScenario(on, strategy === 'Weir' ? own.Weir : own['Weir, one line for all lanes']);
}
