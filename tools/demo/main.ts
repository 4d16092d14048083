import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { Clock } from '../../src/core/clock.ts';
import { callWeir } from './call-weir.ts';
import type { ConnectionOptions } from './connection.ts';
import { loadPrompts } from './load-prompts.ts';
import { readRunFile, type WeirLocation } from './locate-weir.ts';
import { reachWeir } from './reach-weir.ts';
import { type DemoOptions, readOptions, usage } from './read-options.ts';
import { renderReport } from './render-report.ts';
import { runDemo } from './run-demo.ts';
import type { Check } from './verify-run.ts';

const runFile = join(import.meta.dirname, '..', '..', '.weir', 'run.json');

const clock: Clock = {
  now: () => Date.now(),
  sleep: (durationMs) => sleep(Math.max(0, durationMs)),
};

function locate(options: DemoOptions): WeirLocation | null {
  if (options.url !== null) return { baseUrl: options.url, keys: options.keys, simulatorUrl: null };
  const location = readRunFile(runFile);
  return location === null ? null : { ...location, keys: { ...location.keys, ...options.keys } };
}

/** The teams named on the command line, else the first two that the launcher made keys for. */
function chooseTeams(options: DemoOptions, location: WeirLocation): string[] {
  const named = Object.keys(options.keys);
  return named.length > 0 ? named : Object.keys(location.keys).slice(0, 2);
}

function paint(verdict: Check['verdict'], text: string): string {
  const colours = { pass: 'green', fail: 'red', skipped: 'yellow' } as const;
  return styleText(['bold', colours[verdict]], text, { stream: process.stdout });
}

function fail(message: string): number {
  console.error(message);
  return 1;
}

async function main(): Promise<number> {
  const reading = readOptions(process.argv.slice(2));
  if (reading.outcome === 'help') {
    console.log(usage);
    return 0;
  }
  if (reading.outcome === 'invalid')
    return fail(`npm run demo -- [options]   (--help lists them)\n\n${reading.message}`);
  const { options } = reading;
  const location = locate(options);
  if (location === null) {
    return fail('Weir is not running; start it with npm start');
  }
  const teams = chooseTeams(options, location);
  if (teams.length < 2 && Object.keys(options.keys).length === 0) {
    return fail(
      'The demo sends from two teams, and .weir/run.json holds keys of fewer. Name them: --key TEAM=KEY --key TEAM=KEY',
    );
  }
  const call: ConnectionOptions['call'] = (baseUrl, key, request) => callWeir(baseUrl, key, request, clock.now);
  const absence = await reachWeir(location, call, clock);
  if (absence !== null) return fail(`Weir does not answer at ${location.baseUrl} (${absence}): nothing was sent.`);
  const prompts = loadPrompts();
  const run = `demo-${new Date(clock.now()).toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
  console.log(`Sending ${options.jobs} jobs from ${teams.join(' and ')} to ${location.baseUrl}`);
  const report = await runDemo({
    run,
    teams,
    prompts,
    options,
    locate: () => locate(options),
    call,
    clock,
    output: process.stdout,
  });
  console.log(renderReport(report, paint));
  return report.checks.some((check) => check.verdict === 'fail') ? 1 : 0;
}

process.exitCode = await main();
