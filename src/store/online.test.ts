import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { onlineStoreLaws } from '../testing/index.ts';
import { openLmdbStore } from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-online-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => fs.mkdtempSync(path.join(root, 'd'));

describe('laws, on LMDB', () => {
  const create = () => {
    const dir = freshDir();
    return { open: () => openLmdbStore({ dir, mapSizeBytes: 64 * 1024 * 1024 }) };
  };
  for (const law of onlineStoreLaws(create)) test(law.name, law.run);
});

test('a map size that would end the process is an error', () => {
  for (const mapSizeBytes of [Number.NaN, -1, 0, 1000, 2 ** 53, Number.POSITIVE_INFINITY]) {
    expect(() => openLmdbStore({ dir: freshDir(), mapSizeBytes })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  }
});

test('outgrows the map that was reserved for it', async () => {
  const store = openLmdbStore({ dir: freshDir(), mapSizeBytes: 1024 * 1024 });
  for (let i = 0; i < 20; i++) {
    await store.transaction((write) => {
      for (let j = 0; j < 50; j++) write.put('t', `${i}/${j}`, Buffer.alloc(8000, i));
    });
    expect(store.get('t', `${i}/49`)?.[7999]).toBe(i);
  }
  expect(store.count('t')).toBe(1000);
  await store.close();
});

test('a directory with a dot in its name is a directory', async () => {
  const dir = path.join(freshDir(), 'v1.2');
  const store = openLmdbStore({ dir });
  await store.transaction((write) => write.put('t', 'k', Buffer.from('x')));
  await store.close();
  expect(fs.statSync(path.join(dir, 'data.mdb')).isFile()).toBe(true);
});

test('the name of a table is checked', () => {
  const store = openLmdbStore({ dir: freshDir() });
  expect(() => store.get('no table', 'k')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

test('transactions are whole after kill -9, and those that had resolved are there', async () => {
  const dir = freshDir();
  const source = `
    import { openLmdbStore } from ${JSON.stringify(new URL('./online.ts', import.meta.url).href)};
    const store = openLmdbStore({ dir: ${JSON.stringify(dir)} });
    for (let i = 0; ; i++) {
      await store.transaction((write) => {
        for (let j = 0; j < 200; j++) write.put(j % 2 === 0 ? 'even' : 'odd', String(j), Buffer.from(String(i)));
      });
      process.stdout.write(i + '\\n');
    }`;
  let acknowledged = -1;
  for (let kill = 0; kill < 3; kill++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let first = true;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        acknowledged = Number(chunk.toString().trim().split('\n').at(-1));
        if (first) setTimeout(() => child.kill('SIGKILL'), 40 + 13 * kill);
        first = false;
      });
      child.on('close', () => resolve());
    });
    const store = openLmdbStore({ dir });
    const values = new Set<string>();
    for (const table of ['even', 'odd']) {
      for (const { value } of store.range(table, {})) values.add(Buffer.from(value).toString());
    }
    expect(values.size).toBe(1);
    expect(Number([...values][0])).toBeGreaterThanOrEqual(acknowledged);
    await store.close();
  }
});

test.runIf(process.platform === 'linux')(
  'a disk that takes no more refuses transactions, and the process goes on reading',
  async () => {
    const dir = freshDir();
    const source = `
    import { openLmdbStore } from ${JSON.stringify(new URL('./online.ts', import.meta.url).href)};
    const store = openLmdbStore({ dir: ${JSON.stringify(dir)} });
    await store.transaction((write) => write.put('t', 'first', Buffer.from('x')));
    const codes = [];
    for (let i = 0; i < 4; i++) {
      try {
        await store.transaction((write) => {
          for (let j = 0; j < 100; j++) write.put('t', i + '/' + j, Buffer.alloc(6000));
        });
        codes.push('stored');
      } catch (error) {
        codes.push(error.code);
      }
    }
    await store.transaction((write) => write.put('t', 'small', Buffer.from('y')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const texts = [...store.range('t', { start: 'a' })].map(({ value }) => Buffer.from(value).toString());
    console.log(JSON.stringify({ codes, texts }));
    await store.close();`;
    // A limit on the size of files: the nearest to a full disk without one. LMDB takes the write that is cut short for an I/O error.
    const limited = `trap '' XFSZ; ulimit -f 300; exec "$0" --input-type=module -e "$1"`;
    const child = spawn('bash', ['-c', limited, process.execPath, source], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(JSON.parse(output)).toEqual({ codes: Array(4).fill('STORE_WRITE_FAILED'), texts: ['x', 'y'] });
  },
);
