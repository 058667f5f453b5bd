import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contentHash, createRng } from '../base/index.ts';
import { arrayBytes, DEVICES } from '../domain/index.ts';
import { featureWorld } from '../testing/index.ts';
import { createBatch } from './batch.ts';
import { createEncoder } from './encoder.ts';
import { homeFeatures } from './home-features.ts';

test('are 40 dense columns and 8 slots', () => {
  const { denseWidth, sparseWidth, denseNames, sparseNames } = createEncoder(homeFeatures);
  expect([denseWidth, sparseWidth]).toEqual([40, 8]);
  expect(new Set([...denseNames, ...sparseNames]).size).toBe(48);
});

/**
 * What Home's features were when their version was last raised. If the bytes differ, models and records of before mean
 * something else: raise `version` in home-features.ts (or ENCODER_VERSION, when the encoder itself has changed), then
 * write the new values here. If only the source differs (a comment), write the new source hash here.
 */
const GOLDEN = {
  version: '1',
  source: 'c996d579a3e8c9d927186214adc36737',
  encoder: '573a7bb32cf91cc0a312998302be1b18',
  bytes: '2fd1b79cb5c47fff72c608a666e28f34',
};

test('give the bytes that their version stands for', () => {
  const encoder = createEncoder(homeFeatures);
  const rng = createRng(20240914);
  const world = featureWorld(rng, { items: 400, dimension: 16 });
  const { catalog, counters, embedding } = world;
  const parts: Uint8Array[] = [];
  for (let page = 0; page < 24; page++) {
    const view = world.listener();
    const device = DEVICES[page % DEVICES.length];
    const atMs = Date.parse('2024-09-14T00:30:00Z') + page * 5 * 3_600_000;
    const bound = encoder.bind({ view, atMs, device, market: (page % 8) - 1, catalog, counters, embedding });
    const items = Uint32Array.from({ length: 100 }, () => rng.below(405));
    const batch = createBatch(encoder, 100);
    bound.encode({ shelfId: `shelf-${page % 5}`, seedItem: rng.below(440) }, items, 100, batch, 0);
    parts.push(arrayBytes(batch.dense), arrayBytes(batch.sparse));
  }
  expect({ encoder: homeFeatures.hash, bytes: contentHash(...parts) }).toEqual({
    encoder: GOLDEN.encoder,
    bytes: GOLDEN.bytes,
  });
});

test('have a version that was looked at when their source changed', () => {
  const source = readFileSync(new URL('./home-features.ts', import.meta.url), 'utf8');
  expect(contentHash(source.replace(/\s+/g, ''))).toBe(GOLDEN.source);
  expect(/version: '(.*)'/.exec(source)?.[1]).toBe(GOLDEN.version);
});
