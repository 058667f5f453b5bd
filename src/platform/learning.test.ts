import { deserialize, serialize } from 'node:v8';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../base/index.ts';
import { type EpochContent, sealEpoch } from '../domain/index.ts';
import { createEncoder, homeFeatures } from '../features/index.ts';
import { dataDirPaths, openEpochStore, openLmdbStore, openMetadata } from '../store/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Platform } from './open.ts';
import { fittedDir, home, LISTENERS, newDir, open, playFirstCard, removeDirs, START_MS } from './platform-testing.ts';
import { stateTable } from './states.ts';

afterEach(removeDirs);

const OTHER_ENCODER = 'another-encoder';
const EXPECTED = createEncoder(homeFeatures).hash;
const WHY = `the stored model is of encoder ${OTHER_ENCODER}, this is ${EXPECTED}`;

/** As if another version, with other features, had fitted and learnt what a directory that no platform has open holds. */
async function learntByAnotherVersion(dir: string): Promise<void> {
  await storeModelOfAnotherVersion(dir, dir);
  const store = openLmdbStore({ dir: dataDirPaths(dir).online });
  const checkpoint = deserialize(store.get('learner', 'checkpoint') as Uint8Array) as Checkpoint;
  const learner = checkpoint.model as EpochContent;
  const model = { ...learner, meta: { ...learner.meta, encoder: OTHER_ENCODER } };
  await store.transaction((write) =>
    write.put('learner', 'checkpoint', serialize({ ...checkpoint, model, learnt: 7 })),
  );
  await store.close();
}

/** The model of one directory, as if it were of other features, becomes the current one of another. */
async function storeModelOfAnotherVersion(from: string, to: string): Promise<void> {
  const clock = manualClock(START_MS);
  const source = openMetadata({ file: dataDirPaths(from).metadata, clock });
  const current = await source.epochs.current('model');
  await source.close();
  const { kind, meta, arrays } = openEpochStore({ dir: dataDirPaths(from).epochs }).get(current ?? '');
  const hash = openEpochStore({ dir: dataDirPaths(to).epochs }).put(
    sealEpoch({ kind, meta: { ...meta, encoder: OTHER_ENCODER }, arrays }),
  );
  const metadata = openMetadata({ file: dataDirPaths(to).metadata, clock });
  await metadata.epochs.record(hash, 'model', START_MS);
  await metadata.epochs.setCurrent('model', hash, START_MS);
  await metadata.close();
}

/** As if another version of the fold had written the states too. */
async function foldedByAnotherVersion(dir: string): Promise<void> {
  const store = openLmdbStore({ dir: dataDirPaths(dir).online });
  await store.transaction((write) => {
    for (const { key, value } of store.range(stateTable(1), {})) {
      const bytes = Buffer.from(value);
      bytes[8] = 250;
      write.put(stateTable(1), key, bytes);
    }
    write.put('platform', 'states-fold', Buffer.from('250'));
  });
  await store.close();
}

const fitSaid = (platform: Platform): string => platform.status().background['fit'] ?? '';

describe('a model of another version', () => {
  it('is fitted anew in the background, which status says, while Homes are degraded', async () => {
    const dir = await fittedDir();
    await learntByAnotherVersion(dir);
    const clock = manualClock(START_MS);
    const said: string[] = [];
    const say = (_: object, message: string) => void said.push(message);
    let platform = await open(dir, clock, { logger: { info: say, warn: say, error: say } });
    expect((await home(platform, 'l3')).degraded).toBe(true);
    expect(platform.status().epochs['model']).toBe('');

    const heard = new Set<string>();
    await vi.waitUntil(
      () => {
        heard.add(fitSaid(platform).replace(/fitting, .*%/, 'fitting'));
        return platform.status().epochs['model'] !== '';
      },
      { timeout: 20_000, interval: 5 },
    );
    expect(heard).toContain(`${WHY}: fitting; Homes are degraded until then`);
    const page = await home(platform, 'l3');
    expect(page.degraded).toBe(false);
    await vi.waitUntil(() => !fitSaid(platform).includes('fitting'));
    expect(fitSaid(platform)).toMatch(/^\d+ events, \d+ pairs of 12 listeners, /);
    await vi.waitUntil(() => said.includes('the model is fitted anew and serves'));
    expect(said.filter((message) => message.includes('model'))).toHaveLength(2);

    // It goes on learning, and the next opening finds nothing to do.
    await playFirstCard(platform, 'l3', page, clock);
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/ 1 of 1 rewards learnt$/);
    const { model } = platform.status().epochs;
    await platform.close();
    platform = await open(dir, clock);
    expect((await home(platform, 'l3')).degraded).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(platform.status().background['fit']).toBeUndefined();
    expect(platform.status().epochs['model']).toBe(model);
    await platform.close();
  });

  it('waits for states of another version to be rebuilt, of which the fit is', async () => {
    const dir = await fittedDir();
    await learntByAnotherVersion(dir);
    await foldedByAnotherVersion(dir);
    const platform = await open(dir, manualClock(START_MS));
    await vi.waitUntil(() => platform.status().epochs['model'] !== '', { timeout: 20_000, interval: 5 });
    await vi.waitUntil(() => !fitSaid(platform).includes('fitting'));
    expect(platform.status().background['rebuild']).toContain(`of ${LISTENERS} listeners`);
    const pairs = Number(/(\d+) pairs of 12 listeners/.exec(fitSaid(platform))?.[1]);
    expect(pairs).toBeGreaterThan(LISTENERS);
    expect((await home(platform, 'l3')).degraded).toBe(false);
    await platform.close();
  });

  it('is fitted once where somebody asks for a fit first', async () => {
    const dir = await fittedDir();
    await learntByAnotherVersion(dir);
    const said: string[] = [];
    const say = (_: object, message: string) => void said.push(message);
    const platform = await open(dir, manualClock(START_MS), { logger: { info: say, warn: say, error: say } });
    await platform.fit({});
    expect((await home(platform, 'l3')).degraded).toBe(false);
    const { embedding } = platform.status().epochs;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(said.filter((message) => message.includes('model'))).toEqual([]);
    expect(platform.status().epochs['embedding']).toBe(embedding);
    expect(fitSaid(platform)).toMatch(/^\d+ events/);
    await platform.close();
  });

  it('is fitted once only where the history has nothing to make a model of', async () => {
    const dir = newDir();
    const clock = manualClock(START_MS);
    await (await open(dir, clock)).close();
    await storeModelOfAnotherVersion(await fittedDir(), dir);
    const said: string[] = [];
    const say = (_: object, message: string) => void said.push(message);
    const platform = await open(dir, clock, { logger: { info: say, warn: say, error: say } });
    await vi.waitUntil(() => said.some((message) => message.includes('nothing to make a model of')), 20_000);
    expect(fitSaid(platform)).toMatch(/^0 events, 0 pairs of 0 listeners/);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(said.filter((message) => message.includes('model'))).toHaveLength(2);
    await platform.close();
  });
});
