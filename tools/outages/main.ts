import { parseArgs } from 'node:util';
import { paceSettings } from '../kills/fleet-settings.ts';
import { printRounds, type Round } from '../reliability/print-rounds.ts';
import { canLimitFileSize } from './limit-file-size.ts';
import { runFaultRound, runFullDisk, runStorageOutage } from './run-round.ts';
import { type Place, places, proxyFaults, startSurroundedWeir } from './surrounded-weir.ts';

const faultNames = Object.keys(proxyFaults);

const usage = `npm run outages -- [--place NAME …] [--fault NAME …] [--seconds N] [--outage N] [--production]

  --place NAME   only here; may be given several times (${places.join(', ')})
  --fault NAME   only this; may be given several times (${faultNames.join(', ')})
  --seconds N    how long each fault stays while jobs come (default 6)
  --outage N     how long all of storage is away in the last but one round (default 20; 60 is what is promised; 0 leaves it out)
  --production   lease 45 s, sweep every 15 s, grace 2 s, as in production; without it lease 3 s, sweep 1 s

Starts storage, simulated service and a host as real processes with a proxy before each of the service and storage's tables, queues
and blobs. Each fault is put at each place while jobs are submitted; then all of storage goes away, and then its disk is full. Every
accepted job must end once, with nothing held, and the service's bill must be on the accounts; who is not accepted is told 503.
Exit code 0: every promise was kept; 1: one was broken; 2: the command line is wrong.`;

const options = readOptions();
const surrounded = await startSurroundedWeir(paceSettings(options.isProduction ? 'production' : 'quick'));
const rounds: Round[] = [];
const note = (round: Round) => {
  rounds.push(round);
  console.error(`${round.fault}: ${round.judgement.ended} of ${round.judgement.accepted} ended`);
};
try {
  for (const place of options.places) {
    for (const name of options.faults) {
      const fault = proxyFaults[name];
      if (fault !== undefined) note(await runFaultRound(surrounded, { place, name, fault, seconds: options.seconds }));
    }
  }
  if (options.outageSeconds > 0) note(await runStorageOutage(surrounded, options.outageSeconds));
  if (!options.isWhole) console.error('Full disk: left out, as single faults were asked for.');
  else if (canLimitFileSize()) note(await runFullDisk(surrounded, options.seconds));
  else console.error('Full disk: left out, it needs prlimit (util-linux) on Linux.');
} finally {
  await surrounded.stop();
}
process.exitCode = printRounds(rounds, 'all ended within', (line) => console.log(line)) ? 0 : 1;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        place: { type: 'string', multiple: true, default: [] },
        fault: { type: 'string', multiple: true, default: [] },
        seconds: { type: 'string', default: '6' },
        outage: { type: 'string', default: '20' },
        production: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const chosenPlaces = values.place.map((name) => choose<Place>('--place', name, places));
    const chosenFaults = values.fault.map((name) => choose('--fault', name, faultNames));
    return {
      places: chosenPlaces.length === 0 ? places : chosenPlaces,
      faults: chosenFaults.length === 0 ? faultNames : chosenFaults,
      isWhole: chosenPlaces.length + chosenFaults.length === 0,
      seconds: readSeconds('--seconds', values.seconds, 1),
      outageSeconds: readSeconds('--outage', values.outage, 0),
      isProduction: values.production,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

function choose<T extends string>(flag: string, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === name);
  if (found === undefined) throw new Error(`${flag}: received "${name}", only one of ${known.join(', ')} is allowed.`);
  return found;
}

function readSeconds(flag: string, text: string, least: number): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < least || seconds > 3600)
    throw new Error(`${flag}: received "${text}", only a whole number from ${least} to 3600 is allowed.`);
  return seconds;
}
