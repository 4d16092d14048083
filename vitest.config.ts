import { defineConfig } from 'vitest/config';

// A package runs with the leases and sweeps of production (tools/check-package.ts): recovery takes its time.
// What hangs is told by the wait that hangs, with what it waited for: two of those (weir-under-test.ts) fit into this.
const patienceMs = process.env['WEIR_PACKAGE_UNDER_TEST'] === undefined ? 600_000 : 900_000;

export default defineConfig({
  test: {
    // Most of the end-to-end tests is waiting: three files at a time keep two cores busy.
    maxWorkers: 3,
    projects: [
      // Generous, for a busy machine: what hangs or grows with the square of its input takes far longer.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          globalSetup: ['test/support/azurite-for-tests.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: patienceMs,
          hookTimeout: patienceMs,
        },
      },
    ],
  },
});
