import { defineConfig } from 'vitest/config';

/** `unit` stands beside the sources and runs in parallel; `e2e` crosses rooms, owns ports and files, and runs one file at a time. */
export default defineConfig({
  test: {
    pool: 'forks',
    setupFiles: [new URL('./test/setup.ts', import.meta.url).pathname],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['src/**/*.test.ts', 'studio/src/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
