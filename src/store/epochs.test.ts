import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { EPOCH_CHUNK_BYTES, type EpochContent, sealEpoch } from '../domain/index.ts';
import { type EpochStore, openDataDir, openEpochStore } from './index.ts';

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

describe('retaining', () => {
  const variants = [0, 1, 2, 3].map((changed) => content(changed));

  function filled(): { dir: string; store: EpochStore; hashes: string[] } {
    const dir = freshDir();
    const store = openEpochStore({ dir });
    return { dir, store, hashes: variants.map((variant) => store.put(variant)) };
  }

  test('leaves exactly what is to be kept, with the chunks that others shared', () => {
    const { dir, store, hashes } = filled();
    const alone = freshDir();
    openEpochStore({ dir: alone }).put(variants[1]);
    const report = store.retain(new Set([hashes[1], 'f'.repeat(32)]));
    expect(files(dir).sort()).toEqual(files(alone).sort());
    expect(store.list()).toEqual([hashes[1]]);
    expect(store.get(hashes[1])).toEqual({ ...variants[1], hash: hashes[1] });
    const keptBytes = files(dir).reduce((sum, name) => sum + fs.statSync(path.join(dir, name)).size, 0);
    expect(report).toEqual({
      kept: 1,
      keptBytes,
      removed: 3,
      removedBytes: 3 * EPOCH_CHUNK_BYTES,
      damaged: [],
    });
    expect(() => store.get(hashes[0])).toThrow(expect.objectContaining({ code: 'EPOCH_NOT_FOUND' }));
    expect(store.put(variants[0])).toBe(hashes[0]);
    expect(store.get(hashes[0]).hash).toBe(hashes[0]);
  });

  test('leaves every epoch whole or gone, wherever it is cut off, and what a cut-off left goes the next time', () => {
    let cut = 0;
    for (let whole = false; !whole; cut++) {
      const { dir, store, hashes } = filled();
      const keep = new Set(hashes.slice(2));
      let left = cut;
      const remove = fs.rmSync;
      const spy = vi.spyOn(fs, 'rmSync').mockImplementation((...given) => {
        if (left-- <= 0) throw new Error('cut off');
        remove(...given);
      });
      try {
        store.retain(keep);
        whole = true;
      } catch (error) {
        expect(error).toMatchObject({ message: 'cut off' });
      } finally {
        spy.mockRestore();
      }
      const again = openEpochStore({ dir });
      for (const [i, hash] of hashes.entries()) {
        if (keep.has(hash) || again.has(hash)) expect(again.get(hash)).toEqual({ ...variants[i], hash });
        else expect(() => again.get(hash)).toThrow(expect.objectContaining({ code: 'EPOCH_NOT_FOUND' }));
      }
      again.retain(keep);
      const bare = freshDir();
      for (const variant of variants.slice(2)) openEpochStore({ dir: bare }).put(variant);
      expect(files(dir).sort()).toEqual(files(bare).sort());
    }
    expect(cut).toBeGreaterThan(4);
  });

  test('removes no chunk while the manifest of a kept epoch is damaged', () => {
    const { dir, store, hashes } = filled();
    const file = path.join(dir, `${hashes[0]}.json`);
    const text = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(file, text.replace(/"[0-9a-f]{32}"/, '"?"'));
    const chunks = files(dir).filter((name) => name.endsWith('.bin'));
    expect(store.retain(new Set([hashes[0]]))).toMatchObject({ removedBytes: 0, damaged: [hashes[0]] });
    expect(files(dir).filter((name) => name.endsWith('.bin'))).toEqual(chunks);
    expect(() => store.kindOf(hashes[0])).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    fs.writeFileSync(file, text);
    expect(store.get(hashes[0])).toEqual({ ...variants[0], hash: hashes[0] });
    expect(store.retain(new Set([hashes[0]])).removedBytes).toBeGreaterThan(0);
    expect(store.kindOf(hashes[0])).toBe('embedding');
  });

  test('while somebody reads makes the epoch one that is not there, not one that is damaged', () => {
    const { store, hashes } = filled();
    const read = fs.readFileSync;
    const spy = vi.spyOn(fs, 'readFileSync').mockImplementation(((file: string) => {
      const bytes = read(file);
      if (file.endsWith(`${hashes[0]}.json`)) {
        spy.mockRestore();
        openEpochStore({ dir: path.dirname(file) }).retain(new Set());
      }
      return bytes;
    }) as typeof fs.readFileSync);
    expect(() => store.get(hashes[0])).toThrow(expect.objectContaining({ code: 'EPOCH_NOT_FOUND' }));
  });
});
