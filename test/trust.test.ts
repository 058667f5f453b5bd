/**
 * What must be trusted, through HTTP on a real process: keys and their limits over a restart, the audit trail, the archive of
 * what is held on a person, and their erasure, also when the process is killed in the middle of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../src/base/index.ts';
import { decodeEvent } from '../src/domain/index.ts';
import type {
  AuditList,
  BegunErasure,
  CreatedKey,
  DoctorReport,
  ErasureStatus,
  KeyList,
  ListenerSummary,
  RotatedKey,
} from '../src/server/index.ts';
import {
  dataDirPaths,
  erasureCommitment,
  openEventLog,
  openLake,
  openMetadata,
  openWarehouse,
  streamEntries,
} from '../src/store/index.ts';
import { playOf, type ServerProcess, shelfwise, smallWorld, startServer } from './support.ts';

const OPTIONS = { segmentBytes: 256 * 1024, stateFlushMs: 50, recordFlushMs: 20 };
const ANN = 'ann-of-the-test';
const BOB = 'bob-of-the-test';

let dataDir: string;
let server: ServerProcess;
let tracks: string[];

beforeAll(async () => {
  const small = await smallWorld('trust');
  dataDir = small.dataDir;
  tracks = [...small.world.items()].filter(({ kind }) => kind === 'track').map(({ id }) => id);
  server = await startServer(dataDir, OPTIONS);
});
afterAll(() => server.kill());

const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });

async function done(id: string): Promise<ErasureStatus> {
  for (;;) {
    const status = await server.get<ErasureStatus>(`/v1/erasures/${id}`);
    if (status.state === 'done') return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Plays of a listener, some of them on a Home of theirs. */
async function live(listenerId: string, name: string, plays = 20): Promise<string[]> {
  const page = await server.home(listenerId, 'fresh=true');
  const [shelf] = page.shelves;
  const reference = { decisionId: page.decisionId, shelfRank: 0, cardRank: 0 };
  const events = Array.from({ length: plays }, (_, i) => playOf(`${name}-${i}`, listenerId, tracks[i % tracks.length]));
  await server.send([...events, playOf(`${name}-card`, listenerId, shelf.cards[0].id, { reference })]);
  return [...events.map(({ eventId }) => eventId), `${name}-card`];
}

async function keyOf(listenerId: string): Promise<string> {
  const { decisionId } = await server.home(listenerId, 'fresh=true');
  return (await server.get<{ listenerKey: string }>(`/v1/decisions/${decisionId}`)).listenerKey;
}

describe('keys', () => {
  it('are limited, rotated with an overlap and told of, over a restart', async () => {
    const { json: made } = await server.call<CreatedKey>('POST', '/v1/keys', {
      name: 'phone',
      scopes: ['serve'],
      limit: { requestsPerSecond: 0.01, burst: 3 },
    });
    const ask = async (secret: string) => {
      const response = await fetch(`${server.address}/v1/items?limit=1`, { headers: bearer(secret) });
      await response.arrayBuffer();
      return [response.status, response.headers.get('retry-after')];
    };
    for (let i = 0; i < 3; i++) expect(await ask(made.secret)).toEqual([200, null]);
    const [status, retryAfter] = await ask(made.secret);
    expect([status, Number(retryAfter)]).toEqual([429, expect.closeTo(100, -1)]);
    expect((await server.call('PUT', '/v1/keys/phone/limit', { limit: null })).status).toBe(200);
    expect(await ask(made.secret)).toEqual([200, null]);

    const rotated = (await server.call<RotatedKey>('POST', '/v1/keys/phone/rotate', { overlapSeconds: 3 })).json;
    for (const secret of [made.secret, rotated.secret]) expect(await ask(secret)).toEqual([200, null]);
    await server.stop();
    server = await startServer(dataDir, OPTIONS);
    expect(await ask(rotated.secret)).toEqual([200, null]);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rotated.oldSecretDiesAtMs - Date.now())));
    expect(await ask(made.secret)).toEqual([401, null]);
    expect(await ask(rotated.secret)).toEqual([200, null]);
    const { keys } = await server.get<KeyList>('/v1/keys');
    expect(keys).toMatchObject([{ name: 'phone', limit: null, secrets: 1, oldSecretDiesAtMs: null }]);
    expect(Math.abs((keys[0].lastUsedAtMs ?? 0) - Date.now())).toBeLessThan(5000);
    expect((await server.call('GET', '/metrics')).text).toMatch(/^shelfwise_key_requests_total\{key="phone"\} [23]$/m);
  });

  it('leave what was done with them in the audit trail, and no secret anywhere', async () => {
    const ops = (await server.call<CreatedKey>('POST', '/v1/keys', { name: 'ops', scopes: ['admin'] })).json;
    await server.call('POST', '/v1/keys', { name: 'short-lived', scopes: ['serve'] }, bearer(ops.secret));
    await server.call('DELETE', '/v1/keys/short-lived', undefined, bearer(ops.secret));
    await server.call('DELETE', '/v1/keys/short-lived', undefined, bearer(ops.secret));
    const { entries } = await server.get<AuditList>('/v1/audit?limit=4');
    expect(entries.map(({ actor, route, object, outcome }) => [actor, route, object, outcome])).toEqual([
      ['ops', 'DELETE /v1/keys/:name', 'short-lived', 'KEY_NOT_FOUND'],
      ['ops', 'DELETE /v1/keys/:name', 'short-lived', 'done'],
      ['ops', 'POST /v1/keys', 'short-lived', 'done'],
      ['platform', 'POST /v1/keys', 'ops', 'done'],
    ]);
    const listed = await shelfwise('audit', '--limit', '1', '--json', '--data', dataDir);
    expect(JSON.parse(listed.out)).toMatchObject({ entries: [entries[0]] });
    for (const name of ['metadata.sqlite', 'metadata.sqlite-wal'])
      expect(readFileSync(join(dataDir, name)).includes(ops.secret)).toBe(false);
  });
});

/** Files of a ZIP archive by name: read by its central directory, as any program does. */
function unzip(archive: Buffer): Map<string, string> {
  const end = archive.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  const files = new Map<string, string>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed, nameBytes] = [
      archive.readUInt16LE(at + 10),
      archive.readUInt32LE(at + 20),
      archive.readUInt16LE(at + 28),
    ];
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    const header = archive.readUInt32LE(at + 42);
    const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
    const bytes = archive.subarray(start, start + packed);
    files.set(name, (method === 8 ? inflateRawSync(bytes) : bytes).toString('utf8'));
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

describe('a person', () => {
  it('gets all that is held on them in one archive, and nothing of others', async () => {
    const [anns, bobs] = [await live(ANN, 'ann'), await live(BOB, 'bob')];
    await server.call('PUT', `/v1/listeners/${ANN}`, { market: 'SE', language: 'sv' });
    const key = await keyOf(ANN);
    const ranked = await server.call('POST', '/rank/any', {
      id: 'anns-ranking',
      user: ANN,
      items: [{ id: tracks[0] }],
    });
    expect(ranked.status).toBe(200);
    const response = await fetch(`${server.address}/v1/listeners/${ANN}/export`, { headers: bearer(server.key) });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/zip']);
    const files = unzip(Buffer.from(await response.arrayBuffer()));
    expect([...files.keys()]).toEqual([
      'README.md',
      'profile.json',
      'state.json',
      'playlists.json',
      'rankings.json',
      'events.jsonl',
      'decisions.jsonl',
      'administration.jsonl',
    ]);
    const json = (name: string) => JSON.parse(files.get(name) ?? '');
    const lines = (name: string) =>
      (files.get(name) ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    expect(json('profile.json')).toMatchObject({ id: ANN, key, profile: { market: 'SE' } });
    expect(json('rankings.json')).toMatchObject([{ engine: 'metarank', rankingId: 'anns-ranking' }]);
    expect(json('profile.json').takenForMachineAt).toBeNull();
    expect(json('state.json').words.join(' ')).toMatch(/plays in all/);
    expect(
      lines('events.jsonl')
        .map(({ eventId }) => eventId)
        .sort(),
    ).toEqual(anns.sort());
    const decisions = lines('decisions.jsonl');
    expect(decisions.length).toBeGreaterThan(1);
    expect(decisions[0].page[0].cards[0]).toMatchObject({ id: expect.any(String), title: expect.any(String) });
    expect(decisions[0].servings.length).toBeGreaterThan(0);
    expect(lines('administration.jsonl')).toMatchObject([{ route: 'GET /v1/listeners/:id/export', outcome: 'begun' }]);
    for (const name of bobs) expect([...files.values()].join()).not.toContain(`"${name}"`);
    expect((await server.call('GET', '/v1/listeners/no-one/export')).json).toMatchObject({
      code: 'LISTENER_NOT_FOUND',
    });
    const file = join(dataDir, '..', `ann-${process.pid}.zip`);
    expect((await shelfwise('export-listener', ANN, '--to', file, '--data', dataDir)).code).toBe(0);
    expect([...unzip(readFileSync(file)).keys()]).toEqual([...files.keys()]);
  });

  it('is erased: answered at once, done within seconds, proven, and replay says so', async () => {
    const page = await server.home(ANN, 'fresh=true');
    const key = await keyOf(ANN);
    const { status, json: begun } = await server.call<BegunErasure>('DELETE', `/v1/listeners/${ANN}`);
    expect(status).toBe(202);
    expect(begun).toMatchObject({ state: 'rewriting', requestedBy: 'platform', dropped: { mapping: 1, secret: 1 } });
    expect(begun.dueAtMs - begun.requestedAtMs).toBe(30 * 24 * 3600_000);
    expect((await server.call('GET', `/v1/listeners/${ANN}`)).status).toBe(404);
    for (const when of ['at once', 'when it is done']) {
      if (when !== 'at once') await done(begun.id);
      const replayed = await server.call('POST', `/v1/decisions/${page.decisionId}/replay`);
      expect([when, replayed.status, replayed.json]).toEqual([
        when,
        410,
        expect.objectContaining({ code: 'DECISION_ERASED' }),
      ]);
      expect((await server.call('GET', `/v1/decisions/${page.decisionId}`)).status).toBe(410);
    }
    const status_ = await done(begun.id);
    expect(status_.verification).toMatchObject({ occurrences: 0 });
    expect(status_.rewritten.rows).toBeGreaterThan(20);
    expect(status_.commitment).toBe(erasureCommitment(begun.receipt ?? '', ANN));
    expect((await server.call('DELETE', `/v1/listeners/${ANN}`)).json).toMatchObject({ code: 'LISTENER_NOT_FOUND' });
    expect((await server.call('GET', '/v1/erasures/01KDVDNA000000000000000000')).json).toMatchObject({
      code: 'ERASURE_NOT_FOUND',
    });
    const { entries } = await server.get<AuditList>('/v1/audit?limit=2');
    expect(entries.map(({ object, outcome }) => [object, outcome])).toEqual([
      ['listener unknown', 'LISTENER_NOT_FOUND'],
      [expect.stringMatching(/^listener [0-9a-f]{16}$/), 'done'],
    ]);
    expect(JSON.stringify(entries)).not.toContain(ANN);
    expect(JSON.stringify(entries)).not.toContain(key);
    expect((await server.post<DoctorReport>('/v1/admin/doctor')).healthy).toBe(true);
  });

  it('is erased although the process is killed in the middle of it, and nobody else loses anything', async () => {
    const rng = createRng(9);
    const bobs = new Set(await live(BOB, 'bob-before-kills'));
    const erased: { readonly id: string; readonly key: string }[] = [];
    for (let kill = 0; kill < 4; kill++) {
      const who = `mortal-${kill}`;
      await live(who, who);
      const key = await keyOf(who);
      const { json } = await server.call<BegunErasure>('DELETE', `/v1/listeners/${who}`);
      erased.push({ id: json.id, key });
      for (const event of await live(BOB, `bob-${kill}`, 5)) bobs.add(event);
      await new Promise((resolve) => setTimeout(resolve, rng.below(150)));
      await server.kill();
      server = await startServer(dataDir, OPTIONS);
    }
    for (const { id } of erased) expect((await done(id)).verification).toMatchObject({ occurrences: 0 });
    expect((await server.get<ListenerSummary>(`/v1/listeners/${BOB}`)).totalPlays).toBeGreaterThanOrEqual(bobs.size);
    expect(await server.post('/v1/admin/rebuild-state')).toMatchObject({ different: 0 });
    await server.stop();

    const paths = dataDirPaths(dataDir);
    const [log, lake] = [openEventLog({ dir: paths.log('events') }), openLake({ dir: paths.lake })];
    const [metadata, warehouse] = [openMetadata({ file: paths.metadata }), await openWarehouse()];
    const found = new Map<string, number>();
    const stream = { name: 'events', log, lake, metadata, warehouse: async () => warehouse };
    for await (const { payload } of streamEntries(stream)) {
      const { eventId, listenerKey } = decodeEvent(payload);
      if (bobs.has(eventId)) found.set(eventId, (found.get(eventId) ?? 0) + 1);
      expect(erased.map(({ key }) => key)).not.toContain(listenerKey);
    }
    expect([...found.values()].every((count) => count === 1)).toBe(true);
    expect(found.size).toBe(bobs.size);
    warehouse.close();
    await lake.close();
    await metadata.close();
    await log.close();
    server = await startServer(dataDir, OPTIONS);
  });
});
