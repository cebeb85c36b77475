import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/browser/**', 'node_modules/**'],
    testTimeout: 20_000,
    // A busy machine may take long; what never comes about fails all the same.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 20_000,
    // Many tests wait for real processes: one more than the two cores keeps both busy.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['functions/**/*.ts', 'shared/**/*.ts', 'local/**/*.ts', 'cli/**/*.ts'],
      reporter: ['text-summary'],
    },
  },
});
