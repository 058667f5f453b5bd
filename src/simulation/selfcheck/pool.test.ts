import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_TUNABLES } from '../../home/index.ts';
import { openFrozenDecisions, targetsOf } from '../../platform/index.ts';
import { decideVisits, fillWorld } from './data.ts';
import { resolveSelfCheck } from './options.ts';
import { buildPool, PoolReader } from './pool.ts';

const dir = mkdtempSync(join(tmpdir(), 'shelfwise-pool-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const silent = (): void => undefined;
const { signal } = new AbortController();

describe('a pool of contexts', () => {
  it('gives back what the model of each has learnt from, by which policies with a schedule draw', async () => {
    const options = resolveSelfCheck({ items: 500, listeners: 20, days: 2, decisions: 100, seeds: 1 }, 1);
    const checked = await fillWorld(dir, options, Date.UTC(2026, 10, 4, 12), silent, signal);
    const visits = checked.visits.slice(0, 12);
    await decideVisits(dir, { ...checked, visits }, {}, silent, signal);
    const frozen = openFrozenDecisions(dir);
    const known: (number | undefined)[] = [];
    const learning = async function* () {
      for await (const opened of frozen.decisions) {
        const { model } = opened.epochs;
        if (model === undefined) throw new Error('nothing was fitted');
        const learned = known.length === 0 ? undefined : 100 * known.length;
        known.push(learned);
        Object.assign(model, { learned });
        yield opened;
      }
    };
    const targets = targetsOf([{ policy: 'squarecb' }, { policy: 'popularity' }], DEFAULT_TUNABLES, '');
    const pool = await buildPool({ ...frozen, decisions: learning() }, checked.world, visits, targets, silent, signal);
    const reader = new PoolReader(pool);
    expect(known.length).toBeGreaterThan(2);
    for (const [context, learned] of known.entries()) expect(reader.problemOf(context, 0).learned).toBe(learned);
    await frozen.close();
  }, 60_000);
});
