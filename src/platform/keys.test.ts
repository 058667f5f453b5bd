import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, MINUTE_MS, manualClock } from '../base/index.ts';
import { type Metadata, openMetadata } from '../store/index.ts';
import { createKeys, type Keys, ownKey } from './keys.ts';

describe('keys', () => {
  let dir: string;
  let metadata: Metadata;
  let clock: ManualClock;
  const open = (): Promise<Keys> => createKeys(metadata, 'own', clock);
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'shelfwise-keys-'));
    clock = manualClock(1_000_000);
    metadata = openMetadata({ file: join(dir, 'metadata.sqlite'), clock });
  });
  afterEach(async () => {
    await metadata.close();
    rmSync(dir, { recursive: true });
  });

  it('are good for nothing once revoked, now and after a restart, while the others stay', async () => {
    const keys = await open();
    const [phone, loader] = [
      await keys.create('phone', ['serve'], null),
      await keys.create('loader', ['ingest'], null),
    ];
    expect(await keys.revoke('phone')).toBe(true);
    for (const opened of [keys, await open()]) {
      expect(opened.verify(phone)).toBeNull();
      expect(opened.verify(loader)).toMatchObject({ name: 'loader', scopes: ['ingest'] });
      expect(opened.list()).toMatchObject([{ name: 'loader', scopes: ['ingest'], secrets: 1, limit: null }]);
    }
    expect(await keys.revoke('phone')).toBe(false);
  });

  it('give their name free: a new key of that name has another secret', async () => {
    const keys = await open();
    const first = await keys.create('phone', ['serve'], null);
    await keys.revoke('phone');
    const second = await keys.create('phone', ['explain'], null);
    expect(keys.verify(first)).toBeNull();
    expect(keys.verify(second)).toMatchObject({ name: 'phone', scopes: ['explain'] });
  });

  it('of the platform itself stays: it is none of those that were made', async () => {
    const own = await ownKey(metadata);
    const keys = await createKeys(metadata, own, clock);
    expect(await keys.revoke('platform')).toBe(false);
    expect(keys.verify(own)).toMatchObject({ name: 'platform' });
    expect(await ownKey(metadata)).toBe(own);
  });

  it('work with both secrets while a rotation overlaps, then with the new one alone, also over restarts', async () => {
    const keys = await open();
    const old = await keys.create('phone', ['serve'], null);
    const rotated = await keys.rotate('phone', MINUTE_MS);
    expect(rotated).toMatchObject({ name: 'phone', oldSecretDiesAtMs: clock.nowMs() + MINUTE_MS });
    const restarted = await open();
    for (const opened of [keys, restarted]) {
      expect(opened.verify(old)?.diesAtMs).toBe(clock.nowMs() + MINUTE_MS);
      expect(opened.verify(rotated?.secret ?? '')?.diesAtMs).toBe(Number.POSITIVE_INFINITY);
      expect(opened.list()).toMatchObject([{ secrets: 2, oldSecretDiesAtMs: clock.nowMs() + MINUTE_MS }]);
    }
    clock.advance(MINUTE_MS);
    for (const opened of [keys, restarted, await open()]) {
      expect(opened.verify(old)).toBeNull();
      expect(opened.verify(rotated?.secret ?? '')).toMatchObject({ name: 'phone' });
      expect(opened.list()).toMatchObject([{ secrets: 1, oldSecretDiesAtMs: null }]);
    }
    expect(await keys.rotate('none', 0)).toBeUndefined();
  });

  it('share limit and use among their secrets; both are there after a restart', async () => {
    const keys = await open();
    const old = await keys.create('phone', ['serve'], { requestsPerSecond: 5, burst: 10 });
    const rotated = await keys.rotate('phone', MINUTE_MS);
    const [first, second] = [keys.verify(old), keys.verify(rotated?.secret ?? '')];
    expect(first?.use).toBe(second?.use);
    expect(second?.limit).toEqual({ requestsPerSecond: 5, burst: 10 });
    if (first === null) throw new Error('the old secret should work');
    first.use.requests = 3;
    first.use.lastUsedAtMs = 77_000;
    await keys.flush();
    const restarted = await open();
    expect(restarted.list()).toMatchObject([{ lastUsedAtMs: 77_000, limit: { requestsPerSecond: 5, burst: 10 } }]);
    expect(keys.metrics()).toContain('shelfwise_key_requests_total{key="phone"} 3\n');
    expect(keys.metrics()).toContain('shelfwise_key_last_used_seconds{key="phone"} 77\n');
    expect(await keys.setLimit('phone', null)).toBe(true);
    expect(keys.verify(old)?.limit).toBeNull();
    expect(keys.verify(old)?.use).toBe(first.use);
    expect(await keys.setLimit('none', null)).toBe(false);
  });
});
