import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EPOCH_CHUNK_BYTES, type EpochContent, sealEpoch } from '../domain/index.ts';
import { openDataDir, openEpochStore } from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-epochs-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => path.join(fs.mkdtempSync(path.join(root, 'd')), 'epochs');

function content(changed = 0): EpochContent {
  const vectors = Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i));
  vectors[5] += changed;
  return {
    kind: 'embedding',
    arrays: {
      vectors,
      ids: Uint32Array.from({ length: 1000 }, (_, i) => i),
      empty: new Float64Array(0),
      flags: Uint8Array.of(1, 2, 3),
      weights: Float64Array.of(Number.NaN, -0, 1e300),
      small: Uint16Array.of(65535),
      signed: Int32Array.of(-5),
    },
    meta: { dimension: 64, names: ['a', 'ü'] },
  };
}

const files = (dir: string): string[] =>
  fs
    .readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(dir, name)).isFile());

test('what is put is got, bit for bit, by the hash that the domain gives it', () => {
  const store = openEpochStore({ dir: freshDir() });
  const hash = store.put(content());
  expect(hash).toBe(sealEpoch(content()).hash);
  const epoch = store.get(hash);
  expect(epoch).toEqual({ ...content(), hash });
  expect(Object.is(epoch.arrays['weights'][1], -0)).toBe(true);
  expect(store.has(hash)).toBe(true);
  expect(store.list()).toEqual([hash]);
});

test('epochs share the chunks in which they agree', () => {
  const dir = freshDir();
  const store = openEpochStore({ dir });
  store.put(content());
  const before = files(dir).length;
  expect(before).toBe(1 + Math.ceil((300_000 * 4) / EPOCH_CHUNK_BYTES) + 5);
  store.put(content(1));
  expect(files(dir).length).toBe(before + 2);
  store.put(content());
  expect(files(dir).length).toBe(before + 2);
});

test('one altered byte, or a missing chunk, is EPOCH_CORRUPT', () => {
  const dir = freshDir();
  const store = openEpochStore({ dir });
  const hash = store.put(content());
  for (const name of files(dir)) {
    const file = path.join(dir, name);
    const whole = fs.readFileSync(file);
    const altered = Buffer.from(whole);
    altered[Math.floor(altered.length / 2)] ^= 1;
    fs.writeFileSync(file, altered);
    expect(() => store.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    fs.writeFileSync(file, whole.subarray(0, whole.length - 1));
    expect(() => store.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    if (name.endsWith('.bin')) {
      fs.rmSync(file);
      expect(() => store.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    }
    fs.writeFileSync(file, whole);
  }
  expect(store.get(hash).hash).toBe(hash);
});

test('an epoch that is not there is EPOCH_NOT_FOUND, whatever it is called', () => {
  const store = openEpochStore({ dir: freshDir() });
  for (const hash of ['0'.repeat(32), '', '../../etc/passwd', 'x']) {
    expect(store.has(hash)).toBe(false);
    expect(() => store.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_NOT_FOUND' }));
  }
});

test('a put that was cut off leaves no epoch, and the next one mends it; the owner removes what it left', () => {
  const dir = freshDir();
  const store = openEpochStore({ dir });
  const hash = store.put(content());
  fs.rmSync(path.join(dir, `${hash}.json`));
  const chunk = files(dir).find((name) => name.endsWith('.bin'))!;
  fs.renameSync(path.join(dir, chunk), path.join(dir, `${chunk}.1-1.tmp`));
  const again = openEpochStore({ dir });
  expect(again.list()).toEqual([]);
  expect(again.put(content())).toBe(hash);
  expect(again.get(hash).hash).toBe(hash);
  openDataDir(path.dirname(dir)).release();
  expect(files(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(again.get(hash).hash).toBe(hash);
});

test('whatever was damaged is written again when its epoch is put again', () => {
  const dir = freshDir();
  const store = openEpochStore({ dir });
  const hash = store.put(content());
  for (const name of files(dir)) {
    const file = path.join(dir, name);
    const whole = fs.readFileSync(file);
    for (const damaged of [
      whole.map((byte, i) => (i === whole.length >> 1 ? byte ^ 1 : byte)),
      whole.subarray(1),
      Buffer.alloc(0),
    ]) {
      fs.writeFileSync(file, damaged);
      expect(() => store.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
      expect(store.put(content())).toBe(hash);
      expect(store.get(hash).hash).toBe(hash);
    }
  }
});
