import { realPlans, runReal } from './real-run.ts';

// A process of its own for each plan: the gateway reads its settings once in a process, and every plan has its own storage.
const plan = realPlans.find(({ name }) => name === process.argv[2]);
if (plan === undefined) throw new Error(`There is no plan ${process.argv[2]}.`);
const figures = await runReal(plan, (text) => process.stdout.write(text));
process.send?.(figures, () => process.exit());
