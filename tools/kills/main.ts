import { parseArgs } from 'node:util';
import { WeirUnderTest } from '../../test/support/weir-under-test.ts';
import { type CrashPoint, crashPoints } from '../reliability/crash-point.ts';
import { printRounds, type Round } from '../reliability/print-rounds.ts';
import { doorSettings, type Pace, paceSettings } from './fleet-settings.ts';
import { runKillerRound } from './run-killer-round.ts';
import { runKillRound } from './run-round.ts';

const usage = `npm run kills -- [--times N] [--point NAME …] [--production]

  --times N      workers killed at each point (default 6)
  --point NAME   only this point; may be given several times (${crashPoints.join(', ')})
  --production   lease 45 s, sweep every 15 s, grace 2 s as in production, and a job whose worker was killed must go on within
                 90 s. Without it: lease 3 s and sweep 1 s, and the time is told only

Starts storage, simulated service and workers as real processes, and kills workers by SIGKILL at named points of a job while jobs keep
coming; at last one job kills its worker each time. Then every accepted job must have ended once, with nothing held, and the
service's bill must be on the accounts.
Exit code 0: every promise was kept; 1: one was broken; 2: the command line is wrong.`;

const productionLimitSeconds = 90;

const { times, points, isWhole, pace } = readOptions();
const weir = await WeirUnderTest.start({ environment: { ...paceSettings(pace), ...doorSettings } });
const rounds: Round[] = [];
try {
  for (const point of points) {
    rounds.push(
      await runKillRound(weir, {
        fault: point,
        points: Array.from({ length: times }, () => point),
        recoveryLimitSeconds: pace === 'production' ? productionLimitSeconds : null,
      }),
    );
    console.error(`${point}: ${times} workers killed`);
  }
  if (isWhole) rounds.push(await runKillerRound(weir));
} finally {
  await weir.stop();
}
process.exitCode = printRounds(rounds, 'went on within', (line) => console.log(line)) ? 0 : 1;

function readOptions(): {
  readonly times: number;
  readonly points: readonly CrashPoint[];
  /** No point was chosen: everything is run. */
  readonly isWhole: boolean;
  readonly pace: Pace;
} {
  try {
    const { values } = parseArgs({
      options: {
        times: { type: 'string', default: '6' },
        point: { type: 'string', multiple: true, default: [] },
        production: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const count = Number(values.times);
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      throw new Error(`--times: received "${values.times}", only a whole number from 1 to 1000 is allowed.`);
    const named = values.point.map((name) => {
      const point = crashPoints.find((known) => known === name);
      if (point === undefined)
        throw new Error(`--point: received "${name}", only one of ${crashPoints.join(', ')} is allowed.`);
      return point;
    });
    return {
      times: count,
      isWhole: named.length === 0,
      points: named.length === 0 ? crashPoints : [...new Set(named)],
      pace: values.production ? 'production' : 'quick',
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}
