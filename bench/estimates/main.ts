import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { runCalibration } from './calibration.ts';
import { runStrategy, strategies } from './cap-throughput.ts';
import { printCalibration, printCaps, printPromptErrors } from './print.ts';
import { comparePromptRules, measureRequests } from './prompt-errors.ts';
import { makeRequests } from './workload.ts';

const usage = `npm run bench -- estimates [--seed N] [--requests N] [--json FILE]

How good the estimates are: prompt tokens against the simulator's own count on prose, Chinese and Japanese, code, JSON and
tools; jobs a minute with no output cap, 4,096, and the learnt one; calibration against a service that charges otherwise.
Seeds are fixed: same code, same figures.
`;

/** What the learnt cap has to reach, beside the figures it is measured by. */
const goals = { admittedToUsed: 2, jobsOverFixedCap: 3, cutShort: 0.02, promptErrorP95: 0.05 };

/** The bench of the estimates; returns the exit code. */
export async function benchEstimates(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      requests: { type: 'string', default: '3000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage, 0);
  const measured = await measureRequests(makeRequests(Number(values.seed), Number(values.requests)));
  const prompts = await comparePromptRules(measured);
  const caps = strategies.map((strategy) => runStrategy(strategy, measured));
  const calibrations = [0.8, 1, 1.15, 1.4].map((factor) => runCalibration(factor, measured));
  say(printPromptErrors(prompts) + printCaps(caps) + printCalibration(calibrations), 0);
  const [learned, fixed] = [
    caps.find(({ strategy }) => strategy === 'learned'),
    caps.find(({ strategy }) => strategy === '4096'),
  ];
  if (learned === undefined || fixed === undefined) throw new Error('A strategy is missing.');
  // How the service counts tools is not known: the simulator's own count of them is a guess too.
  const texts = prompts.filter(({ kind }) => kind !== 'tools' && kind !== 'all');
  const checks = [
    ['the learnt cap admits at most twice what is used', learned.admittedToUsed <= goals.admittedToUsed],
    [
      'the learnt cap lets through three times the jobs of 4,096',
      learned.jobsPerMinute >= goals.jobsOverFixedCap * fixed.jobsPerMinute,
    ],
    ['the learnt cap cuts at most one answer in fifty', learned.cutShort <= goals.cutShort],
    [
      '19 of 20 prompts without tools are estimated within 5 %',
      texts.every(({ rules }) => (rules['weir']?.p95Absolute ?? 1) <= goals.promptErrorP95),
    ],
    ['calibration ends within 5 % of the truth', calibrations.every(({ error }) => Math.abs(error) <= 0.05)],
  ] as const;
  for (const [what, isMet] of checks) say(`${isMet ? 'met   ' : 'MISSED'}  ${what}\n`, 0);
  if (values.json !== undefined) {
    const report = { seed: Number(values.seed), requests: measured.length, prompts, caps, calibrations, checks };
    await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return checks.every(([, isMet]) => isMet) ? 0 : 1;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}
