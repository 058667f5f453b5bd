import { defineConfig } from 'vitest/config';

// Threads and processes that tests start load the sources in half the time, once what Node made of them is kept.
process.env['NODE_COMPILE_CACHE'] ??= new URL('./node_modules/.cache/shelfwise', import.meta.url).pathname;

/** Tests that take more than their share of ten minutes: those that drive a browser, ten thousand requests, a process killed again and again. */
const LONG = ['test/e2e/**/*.test.ts', 'test/hot-swap.test.ts', 'test/kill.test.ts'];

const E2E = { globalSetup: ['test/global-setup.ts'], testTimeout: 180_000, hookTimeout: 180_000 };

/**
 * `unit` stands beside the sources; `e2e` crosses rooms and starts processes, each with a folder and a port of its own; `long` does what
 * e2e does and takes its time.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // By default one core stays idle: of two, that is half of the machine.
    maxWorkers: '100%',
    setupFiles: [new URL('./test/setup.ts', import.meta.url).pathname],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // What one file loads the next one has: of 280 files loading was a quarter of the time.
          isolate: false,
          include: ['src/**/*.test.ts', 'studio/src/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'e2e', include: ['test/**/*.test.ts'], exclude: LONG, ...E2E } },
      { extends: true, test: { name: 'long', include: LONG, ...E2E } },
    ],
  },
});
