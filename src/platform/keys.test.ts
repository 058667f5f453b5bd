import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Metadata, openMetadata } from '../store/index.ts';
import { createKeys, ownKey } from './keys.ts';

describe('keys', () => {
  let dir: string;
  let metadata: Metadata;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'shelfwise-keys-'));
    metadata = openMetadata({ file: join(dir, 'metadata.sqlite') });
  });
  afterEach(async () => {
    await metadata.close();
    rmSync(dir, { recursive: true });
  });

  it('are good for nothing once revoked, now and after a restart, while the others stay', async () => {
    const keys = await createKeys(metadata, 'own');
    const [phone, loader] = [await keys.create('phone', ['serve']), await keys.create('loader', ['ingest'])];
    expect(await keys.revoke('phone')).toBe(true);
    for (const opened of [keys, await createKeys(metadata, 'own')]) {
      expect(opened.verify(phone)).toBeNull();
      expect(opened.verify(loader)).toEqual({ name: 'loader', scopes: ['ingest'] });
      expect(opened.list()).toEqual([{ name: 'loader', scopes: ['ingest'] }]);
    }
    expect(await keys.revoke('phone')).toBe(false);
  });

  it('give their name free: a new key of that name has another secret', async () => {
    const keys = await createKeys(metadata, 'own');
    const first = await keys.create('phone', ['serve']);
    await keys.revoke('phone');
    const second = await keys.create('phone', ['explain']);
    expect(keys.verify(first)).toBeNull();
    expect(keys.verify(second)).toEqual({ name: 'phone', scopes: ['explain'] });
  });

  it('of the platform itself stays: it is none of those that were made', async () => {
    const own = await ownKey(metadata);
    const keys = await createKeys(metadata, own);
    expect(await keys.revoke('platform')).toBe(false);
    expect(keys.verify(own)).toMatchObject({ name: 'platform' });
    expect(await ownKey(metadata)).toBe(own);
  });
});
