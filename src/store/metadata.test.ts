import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { manualClock } from '../base/index.ts';
import { metadataLaws } from '../testing/index.ts';
import { openMetadata } from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-metadata-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshFile = (): string => path.join(fs.mkdtempSync(path.join(root, 'd')), 'metadata.sqlite');

describe('laws, on SQLite', () => {
  const create = () => {
    const file = freshFile();
    return { open: () => openMetadata({ file, clock: manualClock(5) }) };
  };
  for (const law of metadataLaws(create)) test(law.name, law.run);
});

test('commits are synced: write-ahead log with synchronous = FULL', async () => {
  const { sqliteDialect } = await import('./sqlite-dialect.ts');
  const { Kysely, sql } = await import('kysely');
  const db = new Kysely({ dialect: sqliteDialect(freshFile()) });
  const pragma = async (name: string): Promise<unknown> => (await sql.raw(`PRAGMA ${name}`).execute(db)).rows[0];
  expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' });
  expect(await pragma('synchronous')).toEqual({ synchronous: 2 });
  await db.destroy();
});

test('the secret of a key is nowhere in the files', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  const secret = await metadata.apiKeys.create('app', ['home']);
  await metadata.close();
  for (const name of fs.readdirSync(path.dirname(file))) {
    expect(fs.readFileSync(path.join(path.dirname(file), name)).includes(secret)).toBe(false);
  }
});

test('the metadata of the first version are brought up to date, with what they hold', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  await metadata.epochs.record('a'.repeat(32), 'model', 7);
  await metadata.epochs.setCurrent('model', 'a'.repeat(32), 7);
  await metadata.close();
  const raw = new DatabaseSync(file);
  raw.exec('ALTER TABLE epoch DROP COLUMN last_served_at_ms; UPDATE schema_version SET version = 1');
  raw.close();
  const now = openMetadata({ file });
  expect(await now.epochs.list('model')).toEqual([{ hash: 'a'.repeat(32), recordedAtMs: 7, lastServedAtMs: null }]);
  expect(await now.epochs.current('model')).toBe('a'.repeat(32));
  await now.close();
});

test('scopes that have another name since are renamed, of every key', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  const all = await metadata.apiKeys.create('all', ['app', 'catalog', 'inspect', 'admin']);
  await metadata.apiKeys.create('loader', ['catalog']);
  await metadata.close();
  const raw = new DatabaseSync(file);
  raw.exec('UPDATE schema_version SET version = 2');
  raw.close();
  const now = openMetadata({ file });
  expect(await now.apiKeys.verify(all)).toEqual({ name: 'all', scopes: ['ingest', 'serve', 'explain', 'admin'] });
  expect((await now.apiKeys.list()).map(({ name, scopes }) => [name, scopes])).toEqual([
    ['all', ['ingest', 'serve', 'explain', 'admin']],
    ['loader', ['ingest']],
  ]);
  await now.close();
});

test('the metadata of a later version are refused', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  await metadata.settings.set('a', 'b');
  await metadata.close();
  const raw = new DatabaseSync(file);
  raw.exec('UPDATE schema_version SET version = 99');
  raw.close();
  const later = openMetadata({ file });
  await expect(later.settings.get('a')).rejects.toMatchObject({ code: 'DATA_DIR_VERSION' });
  await later.close();
});
