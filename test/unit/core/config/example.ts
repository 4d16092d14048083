import type { WeirConfig } from '../../../../src/core/config/config-schema.ts';
import { describeProblems } from '../../../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../../../src/core/config/parse-config.ts';
import { minimalConfig } from './minimal-config.ts';

/** The minimal configuration with some of its sections replaced, defaults applied. */
export function exampleConfig(sections: Readonly<Record<string, unknown>> = {}): WeirConfig {
  const reading = parseConfig(JSON.stringify({ ...minimalConfig(), ...sections }));
  if (reading.outcome === 'invalid') throw new Error(describeProblems(reading.problems));
  return reading.config;
}
