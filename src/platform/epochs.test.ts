import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../base/index.ts';
import { dataDirPaths, openEpochStore } from '../store/index.ts';
import { nearestFile } from './epochs.ts';
import type { Platform } from './open.ts';
import { fill, home, newDir, open, playFirstCard, removeDirs, START_MS } from './platform-testing.ts';

afterAll(removeDirs);

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

/** Fitted, with a model that has learnt from a decision (a fit keeps it, and so its hash); each test has a copy of its own. */
let learnt: { readonly dir: string; readonly epochs: Readonly<Record<string, string>>; readonly decisionId: string };

beforeAll(async () => {
  const clock = manualClock(START_MS);
  const dir = newDir();
  const platform = await open(dir, clock);
  await fill(platform, clock);
  await platform.fit({});
  await playFirstCard(platform, 'l2', await home(platform, 'l2'), clock);
  await platform.learn();
  await platform.fit({});
  const { decisionId, degraded } = await home(platform, 'l1');
  expect(degraded).toBe(false);
  const { epochs } = platform.status();
  await platform.close();
  learnt = { dir, epochs, decisionId };
});

function copyOf(dir: string): string {
  const copy = newDir();
  cpSync(dir, copy, { recursive: true });
  return copy;
}

describe('a damaged epoch', () => {
  for (const kind of ['catalog', 'counters', 'embedding', 'model'] as const) {
    it(`of ${kind} is found by doctor and replay until the next fit, which makes it whole`, async () => {
      const dir = copyOf(learnt.dir);
      const { tunables: _, ...hashes } = learnt.epochs;
      damage(
        dir,
        hashes[kind],
        Object.values(hashes).filter((hash) => hash !== hashes[kind]),
      );
      const platform = await open(dir, manualClock(START_MS));
      const replay = () => platform.replay(learnt.decisionId, { verify: true });
      expect(errorsOf(await platform.doctor())).toEqual([`epoch of ${kind}`]);
      expect(await replay()).toMatchObject({ equal: false, recomputed: false });
      expect((await home(platform, 'l1')).degraded).toBe(kind !== 'catalog');

      await platform.fit({});
      expect(platform.status().epochs).toMatchObject(hashes);
      expect(errorsOf(await platform.doctor())).toEqual([]);
      expect(openEpochStore({ dir: dataDirPaths(dir).epochs }).get(hashes[kind]).hash).toBe(hashes[kind]);
      expect(await replay()).toMatchObject({ equal: true, recomputed: true });
      expect((await home(platform, 'l1')).degraded).toBe(false);
      await platform.close();
    });
  }
});

describe('what is prepared for the search of an embedding', () => {
  it('is made by the fit, and made anew in the background when it is gone, while Homes are served', async () => {
    const clock = manualClock(START_MS);
    const dir = copyOf(learnt.dir);
    const note = `${nearestFile(dataDirPaths(dir), learnt.epochs['embedding'])}.json`;
    const before = readFileSync(note, 'utf8');
    rmSync(join(dataDirPaths(dir).epochs, 'graphs'), { recursive: true });
    let platform = await open(dir, clock);
    const page = await home(platform, 'l1');
    expect(page.degraded).toBe(false);
    expect(page.shelves.map(({ kind }) => kind)).toContain('recommended');
    expect(existsSync(note)).toBe(false);
    await vi.waitUntil(() => platform.status().background['neighbours'] !== undefined, 20_000);
    expect(platform.status().background['neighbours']).toContain('prepared anew');
    expect(readFileSync(note, 'utf8')).toBe(before);
    expect((await home(platform, 'l1')).shelves.map(({ kind }) => kind)).toContain('recommended');
    await platform.close();

    platform = await open(dir, clock);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(platform.status().background['neighbours']).toBeUndefined();
    await platform.close();
  });
});
