import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { createDemoWorld } from '../../simulation/index.ts';
import type { ApiClient, Method } from '../client.ts';
import type { Run } from '../command.ts';
import type { Cli } from '../io.ts';
import { createDemoCovers, loadDemo } from './demo.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shelfwise-demo-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const smallWorld = async ({ seed, endMs }: { seed: number; endMs: number }) =>
  createDemoWorld({ seed, endMs, items: 500, listeners: 3, days: 2 });

/** Counts what it is sent, and fails after some requests where it is told to. */
function recordingClient(failAfter = Number.POSITIVE_INFINITY) {
  const sent: { method: Method; path: string; rows: readonly { eventId?: string }[] }[] = [];
  const client: ApiClient = {
    address: null,
    async request<T>(method: Method, path: string, body?: unknown): Promise<T> {
      if (sent.length >= failAfter) throw new Error('the disk is gone');
      const rows = Object.values((body ?? {}) as Record<string, readonly { eventId?: string }[]>)[0] ?? [];
      sent.push({ method, path, rows });
      return { rejected: 0, fates: [], seconds: 1 } as T;
    },
    close: async () => undefined,
  };
  return { client, sent };
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
    const { client, sent } = recordingClient();
    const run = runAt(NOW_MS);
    await loadDemo(run, client, dataDir, 0, smallWorld);
    expect([...new Set(sent.map(({ method, path }) => `${method} ${path}`))]).toEqual([
      'PUT /v1/items',
      'POST /v1/listeners',
      'POST /v1/events',
      'POST /v1/admin/fit',
    ]);
    for (const { rows } of sent) expect(rows.length).toBeLessThanOrEqual(1000);
    expect(run.told.join('')).toMatch(/Demo catalogue: \d+ items \(\d/);
    const before = sent.length;
    await loadDemo(run, client, dataDir, 500, smallWorld);
    expect(sent.length).toBe(before);
  });

  it('that was interrupted goes on with the same events, whatever the time is now', async () => {
    const first = recordingClient(3);
    await expect(loadDemo(runAt(NOW_MS), first.client, dataDir, 0, smallWorld)).rejects.toThrow('disk is gone');
    const second = recordingClient();
    await loadDemo(runAt(NOW_MS + 3_600_000), second.client, dataDir, 500, smallWorld);
    const ids = (sent: typeof first.sent) =>
      sent.filter(({ path }) => path === '/v1/events').flatMap(({ rows }) => rows.map(({ eventId }) => eventId));
    expect(ids(first.sent).length).toBeGreaterThan(0);
    expect(ids(second.sent).slice(0, ids(first.sent).length)).toEqual(ids(first.sent));
    expect(JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8'))).toMatchObject({
      state: 'loaded',
      endMs: NOW_MS,
    });
  });

  it('is not loaded into a directory that holds other data', async () => {
    const { client, sent } = recordingClient();
    const run = runAt(NOW_MS);
    await loadDemo(run, client, dataDir, 7, smallWorld);
    expect([sent.length, existsSync(join(dataDir, 'demo.json'))]).toEqual([0, false]);
    expect(run.told.join('')).toContain('not loaded');
  });

  it('has covers for its items, and for nothing where no world is loaded', async () => {
    const covers = createDemoCovers(dataDir, (id) => id !== 'unknown');
    await covers.prepare();
    expect(covers.coverOf('album-00001')).toBeUndefined();
    await loadDemo(runAt(NOW_MS), recordingClient().client, dataDir, 0, smallWorld);
    await covers.prepare();
    expect(covers.coverOf('album-00001')).toMatch(/^<svg /);
    expect(covers.coverOf('unknown')).toBeUndefined();
  });
});
