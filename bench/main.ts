/** Benches by name; each gets the rest of the command line and returns its exit code. */
const benches: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  capacity: async () => (await import('./capacity/main.ts')).benchCapacity,
  estimates: async () => (await import('./estimates/main.ts')).benchEstimates,
  regions: async () => (await import('./regions/main.ts')).benchRegions,
};

const [name = '', ...args] = process.argv.slice(2);
const open = benches[name];
if (open === undefined) {
  process.stderr.write(`npm run bench -- ${Object.keys(benches).join(' | ')} [options]\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await (await open())(args);
}
