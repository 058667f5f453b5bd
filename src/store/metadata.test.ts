import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
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

test('a change that reads before it writes is made, whatever another thread commits between the two', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  await metadata.apiKeys.create('app', ['serve']);
  // Waits as long as metadata do, so that it is never the one who is refused.
  const committing = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const db = new (require('node:sqlite').DatabaseSync)(workerData, { timeout: 5000 });
     const insert = db.prepare("INSERT OR REPLACE INTO setting VALUES ('from another thread', ?)");
     let count = 0;
     let ended = false;
     parentPort.on('message', () => { ended = true; });
     const commit = () => {
       if (ended) { db.close(); parentPort.postMessage(count); parentPort.close(); return; }
       insert.run(String(count++));
       setTimeout(commit, 2);
     };
     commit();`,
    { eval: true, workerData: file },
  );
  for (let i = 0; i < 300; i++) {
    expect(await metadata.apiKeys.rotate('app', 0)).toBeDefined();
    // SQLite's lock is not fair: whoever changes one thing after the other without a pause keeps all others out.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const committed = new Promise((resolve) => committing.once('message', resolve));
  committing.postMessage('end');
  expect(await committed).toBeGreaterThan(10);
  await metadata.close();
}, 60_000);

test('the secret of a key is nowhere in the files', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  const secret = await metadata.apiKeys.create('app', ['home']);
  await metadata.close();
  for (const name of fs.readdirSync(path.dirname(file))) {
    expect(fs.readFileSync(path.join(path.dirname(file), name)).includes(secret)).toBe(false);
  }
});

/** As version 0.1 made it, with what it held. */
const FIRST_SCHEMA = `
  CREATE TABLE schema_version (version INTEGER NOT NULL);
  INSERT INTO schema_version VALUES (1);
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE api_key (name TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, created_at_ms BIGINT NOT NULL);
  CREATE TABLE epoch (hash TEXT NOT NULL, kind TEXT NOT NULL, recorded_at_ms BIGINT NOT NULL, PRIMARY KEY (hash, kind));
  CREATE INDEX epoch_by_kind ON epoch (kind, recorded_at_ms);
  CREATE TABLE current_epoch (kind TEXT PRIMARY KEY, hash TEXT NOT NULL, FOREIGN KEY (hash, kind) REFERENCES epoch (hash, kind));
  CREATE TABLE compaction (stream TEXT NOT NULL, segment BIGINT NOT NULL, files TEXT NOT NULL, row_count BIGINT NOT NULL, PRIMARY KEY (stream, segment));
  CREATE TABLE audit (id INTEGER PRIMARY KEY, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL);
  INSERT INTO epoch VALUES ('e1', 'model', 7);
  INSERT INTO current_epoch VALUES ('model', 'e1');
  INSERT INTO api_key VALUES ('all', '${createHash('sha256').update('all-secret').digest('hex')}', '["app","catalog","inspect","admin"]', 3);
  INSERT INTO api_key VALUES ('loader', '${createHash('sha256').update('loader-secret').digest('hex')}', '["catalog"]', 4);
`;

test('the metadata of the first version are brought up to date, with what they hold: keys work as before', async () => {
  const file = freshFile();
  const raw = new DatabaseSync(file);
  raw.exec(FIRST_SCHEMA);
  raw.close();
  for (let opening = 0; opening < 2; opening++) {
    const now = openMetadata({ file });
    expect(await now.epochs.list('model')).toEqual([{ hash: 'e1', recordedAtMs: 7, lastServedAtMs: null }]);
    expect(await now.epochs.current('model')).toBe('e1');
    const scopes = ['ingest', 'serve', 'explain', 'admin'];
    expect(await now.apiKeys.verify('all-secret')).toEqual({ name: 'all', scopes });
    expect(await now.apiKeys.verify('loader-secret')).toEqual({ name: 'loader', scopes: ['ingest'] });
    expect(await now.apiKeys.list()).toMatchObject([
      { name: 'all', scopes, createdAtMs: 3, lastUsedAtMs: null, limit: null, secrets: [{ diesAtMs: null }] },
      { name: 'loader', scopes: ['ingest'], createdAtMs: 4 },
    ]);
    await now.close();
  }
});

test('whom an erasure was about is in no byte of the files when it is done', async () => {
  const file = freshFile();
  const metadata = openMetadata({ file });
  const listener = { id: 'the-id-of-ann', key: 'the-key-of-ann' };
  const holds = (text: string): boolean =>
    [file, `${file}-wal`].some((part) => fs.existsSync(part) && fs.readFileSync(part).includes(text));
  for (const id of ['1', '2']) await metadata.erasures.request({ id, actor: 'x', listener, commitment: 'c' });
  await metadata.erasures.finish('1', { occurrences: 0 });
  expect([holds(listener.id), holds(listener.key)]).toEqual([true, true]);
  await metadata.erasures.finish('2', { occurrences: 0 });
  expect([holds(listener.id), holds(listener.key)]).toEqual([false, false]);
  await metadata.close();
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
