import type { WorkersOf } from './simulation.ts';
export const peers: Readonly<Record<string, WorkersOf>> = {};
