import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../base/index.ts';
import { EventSchema, ItemSchema, parseEvent } from '../domain/index.ts';
import { type BadRow, type HetrecOptions, type HoldoutPair, readHetrecLastfm } from './index.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 16, 20);
const REAL = join(
  process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../shared/data'),
  'hetrec_lastfm_2k',
);
const hasReal = existsSync(REAL);
if (!hasReal) console.info(`skipped: the tests on real listeners want ${REAL} (set SHELFWISE_DATA_DIR)`);

const checkItem = Compile(ItemSchema);
const checkEvent = Compile(EventSchema);

interface Pair {
  plays: number;
  /** Plays of the last 28 days at a half-life of 7. */
  decayed: number;
  decayedTomorrow: number;
  newestAgeDays: number;
}

/** Everything read and checked, with plays by listener and artist. */
async function readWhole(dir: string, options: HetrecOptions = {}) {
  const source = await readHetrecLastfm(dir, { ...options, nowMs: NOW_MS });
  const pairs = new Map<string, Map<string, Pair>>();
  const ids = new Set<string>();
  const titles = new Map<string, string>();
  const genres = new Map<string, readonly string[]>();
  const listeners: string[] = [];
  const holdout: HoldoutPair[] = [];
  const bad: BadRow[] = [];
  const hours = new Uint32Array(24);
  const phases: string[] = [];
  let events = 0;
  let rowsRead = 0;
  let lastTime = '';
  for await (const batch of source.batches()) {
    rowsRead += batch.rowsRead;
    bad.push(...batch.bad);
    const phase = Object.keys(batch).find((key) => ['items', 'listeners', 'events', 'holdout'].includes(key)) ?? '';
    if (phases.at(-1) !== phase) phases.push(phase);
    for (const item of batch.items ?? []) {
      if (!checkItem.Check(item)) throw new Error(`invalid item ${JSON.stringify(item)}`);
      titles.set(item.id, item.title);
      genres.set(item.id, item.genres ?? []);
    }
    for (const listener of batch.listeners ?? []) listeners.push(listener.id);
    holdout.push(...(batch.holdout ?? []));
    expect(batch.events?.length ?? 0).toBeLessThanOrEqual(1000);
    for (const event of batch.events ?? []) {
      if (events % 16 === 0 && !checkEvent.Check(event)) throw new Error(`invalid event ${JSON.stringify(event)}`);
      const parsed = parseEvent(event, 'key', NOW_MS);
      if (typeof parsed === 'string') throw new Error(`${parsed} ${JSON.stringify(event)}`);
      if (event.occurredAt < lastTime) throw new Error('events are not in the order of time');
      lastTime = event.occurredAt;
      events++;
      ids.add(event.eventId);
      hours[Number(event.occurredAt.slice(11, 13))]++;
      const ageDays = (NOW_MS - parsed.occurredAtMs) / DAY_MS;
      let ofListener = pairs.get(event.listenerId);
      if (ofListener === undefined) {
        ofListener = new Map();
        pairs.set(event.listenerId, ofListener);
      }
      const pair = ofListener.get(parsed.itemId) ?? {
        plays: 0,
        decayed: 0,
        decayedTomorrow: 0,
        newestAgeDays: Infinity,
      };
      pair.plays++;
      if (ageDays <= 28) pair.decayed += 2 ** (-ageDays / 7);
      if (ageDays + 1 <= 28) pair.decayedTomorrow += 2 ** (-(ageDays + 1) / 7);
      pair.newestAgeDays = Math.min(pair.newestAgeDays, ageDays);
      ofListener.set(parsed.itemId, pair);
    }
  }
  return { source, pairs, ids, titles, genres, listeners, holdout, bad, hours, phases, events, rowsRead };
}

/** Weights by listener and item, straight from the file. */
async function weightsOf(dir: string): Promise<Map<string, Map<string, number>>> {
  const { readFileSync } = await import('node:fs');
  const { gunzipSync } = await import('node:zlib');
  const file =
    ['user_artists.tsv.gz', 'user_artists.dat'].map((name) => join(dir, name)).find((name) => existsSync(name)) ?? '';
  const bytes = readFileSync(file);
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').split('\n').slice(1);
  const weights = new Map<string, Map<string, number>>();
  for (const line of lines) {
    const [listener, artist, weight] = line.split('\t');
    if (weight === undefined || !/^\d+\s*$/.test(weight)) continue;
    if (!weights.has(listener)) weights.set(listener, new Map());
    weights.get(listener)?.set(`artist:${artist}`, Number(weight));
  }
  return weights;
}

function leader(pairs: Map<string, Pair>, of: 'decayed' | 'decayedTomorrow'): { id: string; lead: number } {
  const sorted = [...pairs].sort(([, a], [, b]) => b[of] - a[of]);
  return { id: sorted[0][0], lead: sorted[0][1][of] - (sorted[1]?.[1][of] ?? 0) };
}

describe('a small folder', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'shelfwise-hetrec-'));
    writeFileSync(
      join(dir, 'artists.dat'),
      'id\tname\turl\tpictureURL\n51\tDuran Duran\thttp://x\thttp://y\n52\tBjörk\thttp://x\thttp://y\n53\tAir\tu\tp\n54\t \tu\tp\nx\tNo\tu\tp\n51\tTwice\tu\tp\n',
    );
    writeFileSync(
      join(dir, 'tags.dat'),
      Buffer.from('tagID\ttagValue\r\n1\tChanson Française\r\n2\tseen live\r\n3\tPOP\r\n4\tOnce\r\n', 'latin1'),
    );
    writeFileSync(
      join(dir, 'user_taggedartists.dat.gz'),
      gzipSync(
        'userID\tartistID\ttagID\tday\tmonth\tyear\n1\t51\t1\t1\t1\t2009\n2\t51\t1\t1\t1\t2009\n2\t51\t1\t2\t1\t2009\n1\t51\t3\t1\t1\t1956\n2\t51\t3\t1\t1\t2009\n3\t51\t3\t1\t1\t2009\n1\t51\t4\t1\t1\t2009\n1\t51\t2\t1\t1\t2009\n2\t51\t2\t1\t1\t2009\n1\t52\t4\t1\t1\t2009\n',
      ),
    );
    writeFileSync(
      join(dir, 'user_artists.dat'),
      'userID\tartistID\tweight\n2\t51\t100\n2\t52\t10\n2\t53\t1\n7\t52\t5\n7\t999\t5\n7\t53\t-4\n7\t53\n7\t52\t6\n',
    );
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('reads names and tags in their encodings, tags as genres by how many gave them', async () => {
    const { titles, genres } = await readWhole(dir);
    expect(titles.get('artist:52')).toBe('Björk');
    expect(genres.get('artist:51')).toEqual(['pop', 'chanson française']);
    expect(genres.get('artist:52')).toEqual(['once']);
  });

  it('counts dirty rows with their line and reads the rest', async () => {
    const { bad, listeners, pairs, rowsRead, source } = await readWhole(dir);
    expect(bad.map((row) => `${row.file.split('/').pop()}:${row.row}`).sort()).toEqual([
      'artists.dat:5',
      'artists.dat:6',
      'artists.dat:7',
      'user_artists.dat:6',
      'user_artists.dat:7',
      'user_artists.dat:8',
      'user_artists.dat:9',
    ]);
    expect(listeners).toEqual(['2', '7']);
    expect([...(pairs.get('7')?.keys() ?? [])]).toEqual(['artist:52']);
    expect(rowsRead).toBe(source.totalRows);
  });

  it('gives the same events again, whatever the time of the import', async () => {
    const first = await readWhole(dir);
    const again = await readWhole(dir);
    expect(again.ids).toEqual(first.ids);
    const later = await readHetrecLastfm(dir, { nowMs: NOW_MS + 3 * DAY_MS });
    const ids = new Set<string>();
    for await (const batch of later.batches()) for (const event of batch.events ?? []) ids.add(event.eventId);
    expect(ids).toEqual(first.ids);
  });

  it('hides the same pairs for the same seed, whatever the time and the history, and others for another seed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shelfwise-hetrec-'));
    const artists = Array.from({ length: 40 }, (_, a) => a + 1);
    writeFileSync(
      join(folder, 'artists.dat'),
      `id\tname\turl\tp\n${artists.map((a) => `${a}\tName ${a}\tu\tp\n`).join('')}`,
    );
    writeFileSync(join(folder, 'tags.dat'), 'tagID\ttagValue\n');
    writeFileSync(join(folder, 'user_taggedartists.dat'), 'userID\tartistID\ttagID\n');
    const rows = [1, 2, 3].flatMap((user) => artists.map((a) => `${user}\t${a}\t${a * a}\n`));
    writeFileSync(join(folder, 'user_artists.dat'), `userID\tartistID\tweight\n${rows.join('')}`);
    const hiddenOf = async (nowMs: number, holdoutSeed: number, seed: number) => {
      const pairs: HoldoutPair[] = [];
      const source = await readHetrecLastfm(folder, { nowMs, holdoutShare: 0.2, holdoutSeed, seed });
      for await (const batch of source.batches()) pairs.push(...(batch.holdout ?? []));
      return pairs;
    };
    const first = await hiddenOf(NOW_MS, 7, 1);
    expect(first).toHaveLength(24);
    expect(await hiddenOf(NOW_MS + DAY_MS, 7, 5)).toEqual(first);
    expect(await hiddenOf(NOW_MS, 8, 1)).not.toEqual(first);
    rmSync(folder, { recursive: true });
  });

  it('refuses another folder and a share out of range', async () => {
    await expect(readHetrecLastfm(tmpdir(), { nowMs: NOW_MS })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(readHetrecLastfm(dir, { nowMs: NOW_MS, holdoutShare: 1 })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});

describe.skipIf(!hasReal)('the real listeners', () => {
  let whole: Awaited<ReturnType<typeof readWhole>>;
  let weights: Map<string, Map<string, number>>;
  beforeAll(async () => {
    whole = await readWhole(REAL);
    weights = await weightsOf(REAL);
  }, 120_000);

  it('reads every listener, artist and play count, without a bad row', () => {
    expect(whole.phases).toEqual(['items', 'listeners', 'events']);
    expect(whole.titles.size).toBe(17_632);
    expect(whole.listeners.length).toBe(weights.size);
    expect(whole.bad).toEqual([]);
    expect(whole.rowsRead).toBe(whole.source.totalRows);
    expect(whole.events).toBeLessThan(600_000);
    expect(whole.ids.size).toBe(whole.events);
    for (const [listener, artists] of weights) expect(whole.pairs.get(listener)?.size).toBe(artists.size);
    expect([...whole.genres.values()].filter((genres) => genres.length > 0).length).toBeGreaterThan(10_000);
    expect(whole.source.notes.join(' ')).toContain('was made');
  });

  it('has the artist with the most plays lead the heavy rotation of every single listener, today and tomorrow', () => {
    let thinnest = Number.POSITIVE_INFINITY;
    for (const [listener, pairs] of whole.pairs) {
      const most = Math.max(...(weights.get(listener)?.values() ?? []));
      for (const of of ['decayed', 'decayedTomorrow'] as const) {
        const first = leader(pairs, of);
        if (weights.get(listener)?.get(first.id) !== most)
          throw new Error(`listener ${listener}: ${first.id} leads ${of}`);
        if (first.lead <= 0) throw new Error(`listener ${listener}: two artists lead ${of}`);
        thinnest = Math.min(thinnest, first.lead);
      }
    }
    expect(thinnest).toBeGreaterThan(0.2);
  });

  it('makes plays that never fall with the play count, except for the lead of the first', () => {
    for (const [listener, pairs] of whole.pairs) {
      const sorted = [...(weights.get(listener) ?? [])].sort(([, a], [, b]) => b - a);
      for (let i = 2; i < sorted.length; i++) {
        const [higher, lower] = [pairs.get(sorted[i - 1][0]), pairs.get(sorted[i][0])];
        if ((higher?.plays ?? 0) < (lower?.plays ?? 0))
          throw new Error(`listener ${listener}: ${sorted[i][0]} has more plays`);
      }
    }
  });

  it('leaves nearly every listener past loves to jump back in to, and nobody awake all night', () => {
    let withPastLoves = 0;
    let listeners = 0;
    for (const pairs of whole.pairs.values()) {
      if (pairs.size < 10) continue;
      listeners++;
      if ([...pairs.values()].some((pair) => pair.plays >= 4 && pair.newestAgeDays > 28)) withPastLoves++;
    }
    expect(withPastLoves / listeners).toBeGreaterThan(0.9);
    const evening = whole.hours.slice(17, 23).reduce((sum, n) => sum + n, 0);
    const night = whole.hours.slice(1, 6).reduce((sum, n) => sum + n, 0);
    expect(evening).toBeGreaterThan(4 * night);
  });

  it('hides a fifth of each listener’s artists: never an event of them, and what is left of the most played leads', async () => {
    const hidden = await readWhole(REAL, { holdoutShare: 0.2, holdoutSeed: 7 });
    expect(hidden.phases).toEqual(['items', 'listeners', 'events', 'holdout']);
    const byListener = new Map<string, number>();
    for (const { listenerId, itemId } of hidden.holdout) {
      if (hidden.pairs.get(listenerId)?.has(itemId)) throw new Error(`${listenerId} ${itemId} is hidden and played`);
      if (!weights.get(listenerId)?.has(itemId)) throw new Error(`${listenerId} ${itemId} is not in the data`);
      byListener.set(listenerId, (byListener.get(listenerId) ?? 0) + 1);
    }
    for (const [listener, artists] of weights) {
      expect(byListener.get(listener) ?? 0).toBe(Math.min(artists.size - 1, Math.round(0.2 * artists.size)));
    }
    // Without the hidden ones, what is left of the most played still leads.
    const out = new Set(hidden.holdout.map((pair) => `${pair.listenerId} ${pair.itemId}`));
    for (const [listener, pairs] of hidden.pairs) {
      const left = [...(weights.get(listener) ?? [])].filter(([id]) => !out.has(`${listener} ${id}`));
      const most = Math.max(...left.map(([, weight]) => weight));
      expect(weights.get(listener)?.get(leader(pairs, 'decayed').id)).toBe(most);
    }
  }, 120_000);
});
