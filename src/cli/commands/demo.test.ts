import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { createDemoWorld, historyBatches } from '../../simulation/index.ts';
import type { Run } from '../command.ts';
import type { Cli } from '../io.ts';
import { createDemoCovers, type DemoSource, type DemoTarget, loadDemo } from './demo.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shelfwise-demo-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const smallWorld = async ({ seed, endMs }: { seed: number; endMs: number }): Promise<DemoSource> => {
  const options = { seed, endMs, items: 500, listeners: 3, days: 2 };
  const { batches, close } = historyBatches(options, 1000);
  return { ...createDemoWorld(options), history: batches, close };
};

type Sent = { readonly call: keyof DemoTarget; readonly ids: readonly string[] };

/** Takes everything and keeps the ids, and fails after some calls where it is told to. */
function recordingTarget(failAfter = Number.POSITIVE_INFINITY): { target: DemoTarget; sent: Sent[] } {
  const sent: Sent[] = [];
  const take = (call: keyof DemoTarget, ids: readonly string[]): void => {
    if (sent.length >= failAfter) throw new Error('the disk is gone');
    sent.push({ call, ids });
  };
  const target: DemoTarget = {
    async upsertItems(rows) {
      const ids = (rows as readonly { id: string }[]).map(({ id }) => id);
      take('upsertItems', ids);
      return ids.map((id) => ({ id, fate: 'created' }));
    },
    async putListeners(rows) {
      const ids = rows.map(({ id }) => id);
      take('putListeners', ids);
      return rows.map((row) => ({ ...row, createdAtMs: 0 }));
    },
    async putCampaign(id, body) {
      take('putCampaign', [id]);
      return { fate: 'created', campaign: { ...body, id }, unknownItems: [] };
    },
    async ingest(rows) {
      const ids = (rows as readonly { eventId: string }[]).map(({ eventId }) => eventId);
      take('ingest', ids);
      return ids.map((eventId) => ({ eventId, fate: 'accepted' }));
    },
    async fit() {
      take('fit', []);
    },
  };
  return { target, sent };
}

function runAt(nowMs: number): Run & { readonly told: string[] } {
  const told: string[] = [];
  const cli = {
    clock: manualClock(nowMs),
    err: (text: string) => told.push(text),
    errIsTerminal: false,
    stop: new AbortController().signal,
  } as unknown as Cli;
  return { cli, exitCode: 0, told };
}

describe('the demo world', () => {
  it('is sent in envelopes, parents first, then fitted; and never again', async () => {
    const { target, sent } = recordingTarget();
    const run = runAt(NOW_MS);
    await loadDemo(run, target, dataDir, 0, smallWorld);
    expect([...new Set(sent.map(({ call }) => call))]).toEqual([
      'upsertItems',
      'putListeners',
      'putCampaign',
      'ingest',
      'fit',
    ]);
    for (const { ids } of sent) expect(ids.length).toBeLessThanOrEqual(1000);
    expect(run.told.join('')).toMatch(/Demo catalogue: \d+ items \(\d/);
    const before = sent.length;
    await loadDemo(run, target, dataDir, 500, smallWorld);
    expect(sent.length).toBe(before);
  });

  it('that was interrupted goes on with the same events, whatever the time is now', async () => {
    const first = recordingTarget(6);
    await expect(loadDemo(runAt(NOW_MS), first.target, dataDir, 0, smallWorld)).rejects.toThrow('disk is gone');
    const second = recordingTarget();
    await loadDemo(runAt(NOW_MS + 3_600_000), second.target, dataDir, 500, smallWorld);
    const ids = (sent: typeof first.sent) =>
      sent.filter(({ call }) => call === 'ingest').flatMap((envelope) => envelope.ids);
    expect(ids(first.sent).length).toBeGreaterThan(0);
    expect(ids(second.sent).slice(0, ids(first.sent).length)).toEqual(ids(first.sent));
    expect(JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'))).toMatchObject({
      state: 'loaded',
      endMs: NOW_MS,
    });
  });

  it('is not loaded into a directory that holds other data', async () => {
    const { target, sent } = recordingTarget();
    const run = runAt(NOW_MS);
    await loadDemo(run, target, dataDir, 7, smallWorld);
    expect([sent.length, existsSync(join(dataDir, 'demo.json'))]).toEqual([0, false]);
    expect(run.told.join('')).toContain('not loaded');
  });

  it('has covers for its items, and for nothing where no world is loaded', async () => {
    const covers = createDemoCovers(dataDir, (id) => id !== 'unknown');
    await covers.prepare();
    expect(covers.coverOf('album-00001')).toBeUndefined();
    await loadDemo(runAt(NOW_MS), recordingTarget().target, dataDir, 0, smallWorld);
    await covers.prepare();
    expect(covers.coverOf('album-00001')).toMatch(/^<svg /);
    expect(covers.coverOf('unknown')).toBeUndefined();
  });
});
