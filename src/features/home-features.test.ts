import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { contentHash, createRng } from '../base/index.ts';
import { arrayBytes, DEVICES, GENERATED_SLOTS, generatedNumber } from '../domain/index.ts';
import { featureWorld } from '../testing/index.ts';
import { createBatch } from './batch.ts';
import { createEncoder } from './encoder.ts';
import { homeFeatures } from './home-features.ts';

test('are 40 dense columns and 9 slots', () => {
  const { denseWidth, sparseWidth, denseNames, sparseNames } = createEncoder(homeFeatures);
  expect([denseWidth, sparseWidth]).toEqual([40, 9]);
  expect(new Set([...denseNames, ...sparseNames]).size).toBe(49);
});

/**
 * What Home's features were when their version was last raised. If the bytes differ, models and records of before mean
 * something else: raise `version` in home-features.ts (or ENCODER_VERSION, when the encoder itself has changed), then
 * write the new values here. If only the source differs (a comment), write the new source hash here.
 */
const GOLDEN = {
  version: '2',
  source: '4bbf9744ec4025f6183237a90e83d577',
  encoder: '06025bba5a6c300a32332bc124fda7c9',
  bytes: '9cbde9d445642146a89c2fd381d30c78',
};

/** Items of a catalogue and some beyond it, and what is generated. */
const ROWS = 100 + GENERATED_SLOTS.length;

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
    const items = Uint32Array.from({ length: ROWS }, (_, i) => (i < 100 ? rng.below(405) : generatedNumber(i - 100)));
    const batch = createBatch(encoder, ROWS);
    bound.encode({ shelfId: `shelf-${page % 5}`, seedItem: rng.below(440) }, items, ROWS, batch, 0);
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
