import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { dataDirPaths, openEpochStore } from '../store/index.ts';
import type { Platform } from './open.ts';
import { fill, home, newDir, open, playFirstCard, removeDirs, START_MS } from './platform-testing.ts';

afterEach(removeDirs);

/** Alters one byte of a chunk of the epoch, and of no other epoch that serves; the size stays. */
function damage(dir: string, hash: string, others: readonly string[]): void {
  const { epochs } = dataDirPaths(dir);
  const chunksOf = (of: string): string[] =>
    [...readFileSync(join(epochs, `${of}.json`), 'utf8').matchAll(/"([0-9a-f]{32})"/g)].map(([, chunk]) => chunk);
  const shared = new Set(others.flatMap(chunksOf));
  const chunk = chunksOf(hash).find((own) => !shared.has(own));
  if (chunk === undefined) throw new Error(`${hash} has no chunk of its own`);
  const file = join(epochs, 'chunks', chunk.slice(0, 2), `${chunk}.bin`);
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
}

function errorsOf(report: Awaited<ReturnType<Platform['doctor']>>): string[] {
  return report.checks.filter(({ outcome }) => outcome === 'error').map(({ name }) => name);
}

describe('a damaged epoch', () => {
  for (const kind of ['catalog', 'counters', 'embedding', 'model'] as const) {
    it(`of ${kind} is found by doctor and replay until the next fit, which makes it whole`, async () => {
      const clock = manualClock(START_MS);
      const dir = newDir();
      let platform = await open(dir, clock);
      await fill(platform, clock);
      await platform.fit({});
      // What decisions have taught: the fit keeps the model, and so its hash.
      await playFirstCard(platform, 'l2', await home(platform, 'l2'), clock);
      await platform.learn();
      await platform.fit({});
      const { decisionId, degraded } = await home(platform, 'l1');
      expect(degraded).toBe(false);
      const { tunables: _, ...hashes } = platform.status().epochs;
      await platform.close();

      damage(
        dir,
        hashes[kind],
        Object.values(hashes).filter((hash) => hash !== hashes[kind]),
      );
      platform = await open(dir, clock);
      expect(errorsOf(await platform.doctor())).toEqual([`epoch of ${kind}`]);
      expect(await platform.replay(decisionId, { verify: true })).toMatchObject({ equal: false, recomputed: false });
      expect((await home(platform, 'l1')).degraded).toBe(kind !== 'catalog');

      await platform.fit({});
      expect(platform.status().epochs).toMatchObject(hashes);
      expect(errorsOf(await platform.doctor())).toEqual([]);
      expect(openEpochStore({ dir: dataDirPaths(dir).epochs }).get(hashes[kind]).hash).toBe(hashes[kind]);
      expect(await platform.replay(decisionId, { verify: true })).toMatchObject({ equal: true, recomputed: true });
      expect((await home(platform, 'l1')).degraded).toBe(false);
      await platform.close();
    });
  }
});
