import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { openMetadata } from '../../store/index.ts';
import { hashesOf, type PastPromotion, pastPromotions, writePromotions } from './history.ts';

const dir = mkdtempSync(join(tmpdir(), 'shelfwise-history-'));
const metadata = openMetadata({ file: join(dir, 'metadata.sqlite'), clock: manualClock(0) });
afterAll(async () => {
  await metadata.close();
  rmSync(dir, { recursive: true });
});

const promotion = (hash: string, before: string, atMs: number): PastPromotion => ({
  atMs,
  hash,
  before,
  stand: { learnerHash: `learner of ${before}`, parent: '', learnt: 3 },
});

it('keeps the way back over a promotion of what serves already, of ten promotions', async () => {
  const { settings } = metadata;
  expect(await pastPromotions(settings)).toEqual([]);
  const first = promotion('b', 'a', 1);
  await writePromotions(settings, [first]);
  await writePromotions(settings, [...(await pastPromotions(settings)), promotion('b', 'b', 2)]);
  expect(await pastPromotions(settings)).toEqual([first]);
  expect(hashesOf(await pastPromotions(settings))).toEqual(['b', 'a', 'learner of a']);
  const many = Array.from({ length: 12 }, (_, i) => promotion(`m${i + 1}`, `m${i}`, i));
  await writePromotions(settings, many);
  expect(await pastPromotions(settings)).toEqual(many.slice(2));
});
