import type { Check } from './check.ts';
import { type Figures, summarise } from './measure.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** Part of the issue "Capacity" whose lines a case covers. */
export type Part = 'Speed and cost' | 'Show' | 'Bad input' | 'Scale';

/** What one seed of a case came to. */
export interface Outcome {
  readonly checks: readonly Check[];
  /** The other figures in one line. */
  readonly summary: string;
  /** Everything measured, for the JSON. */
  readonly figures: unknown;
}

/** Something that the issue asks for, measured and judged. */
export interface BenchCase {
  readonly name: string;
  readonly part: Part;
  readonly about: string;
  /** How many seeds it runs, from the scenario's own upwards; the worst of them is judged. */
  readonly seeds: number;
  /** It measures real time: nothing else may run beside it. */
  readonly isAlone: boolean;
  run(seedOffset: number): Promise<Outcome>;
}

export interface NamedScenario {
  readonly part: Part;
  readonly about: string;
  readonly scenario: Scenario;
  readonly seeds?: number;
  /** Another run of the same seed to compare with. */
  readonly beside?: Scenario;
  check(figures: Figures, beside: Figures): readonly Check[];
}

/** A case that runs a scenario in virtual time. */
export function inVirtualTime({ part, about, scenario, seeds = 1, beside, check }: NamedScenario): BenchCase {
  return {
    name: scenario.name,
    part,
    about,
    seeds,
    isAlone: false,
    run: async (seedOffset) => {
      const figures = await runScenario({ ...scenario, seed: scenario.seed + seedOffset });
      const other = beside === undefined ? figures : await runScenario({ ...beside, seed: beside.seed + seedOffset });
      return { checks: check(figures, other), summary: summarise(figures), figures };
    },
  };
}
