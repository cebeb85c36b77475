import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts', 'test/browser/**/*.test.ts'],
    testTimeout: 240_000,
    // A busy machine may take long; what never comes about fails all the same.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    // They wait more than they work.
    maxWorkers: 2,
  },
});
