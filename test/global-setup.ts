/** Before these tests: the web page, built where its sources changed, and one temporary folder, which goes when they are done. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    runDir: string;
  }
}

export default function setup(project: TestProject): () => void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/studio.mjs', import.meta.url))], {
    stdio: 'inherit',
  });
  const runDir = mkdtempSync(join(tmpdir(), 'shelfwise-test-'));
  project.provide('runDir', runDir);
  return () => rmSync(runDir, { recursive: true, force: true });
}
