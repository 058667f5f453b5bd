import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { memoryDiskDroppingUnsynced } from '../testing/index.ts';
import {
  checkLog,
  type Disk,
  type EventLog,
  type LogPosition,
  nodeDisk,
  openEventLog,
  prepareErasure,
  readLogSegments,
  removeTemporaries,
} from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-erase-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => fs.mkdtempSync(path.join(root, 'd'));

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString();
const isAnns = (payload: Uint8Array): boolean => textOf(payload).startsWith('ann');
const texts = (log: EventLog): string[] => Array.from(log.entries(log.start()), ({ payload }) => textOf(payload));

/** Three sealed segments of ann's and bob's entries in turns, and an open one. */
async function filled(dir: string, disk: Disk): Promise<{ log: EventLog; positions: Map<string, LogPosition> }> {
  const log = openEventLog({ dir, disk });
  const positions = new Map<string, LogPosition>();
  for (let i = 0; i < 40; i++) {
    const text = `${i % 3 === 0 ? 'ann' : 'bob'} ${i} ${'x'.repeat(i * 7)}`;
    positions.set(text, log.append(Buffer.from(text)));
    if (i % 5 === 4) await log.sync();
    if (i % 10 === 9 && i < 30) await log.seal();
  }
  await log.sync();
  return { log, positions };
}

const sealedOf = (log: EventLog): number[] =>
  log.segments().flatMap(({ segment, sealed }) => (sealed ? [segment] : []));

function eraseSealed(log: EventLog, dir: string, disk: Disk): number {
  let erased = 0;
  for (const segment of sealedOf(log)) {
    const prepared = prepareErasure(dir, segment, isAnns, disk);
    if (prepared === undefined) continue;
    erased += prepared.entries;
    log.swapSegment(segment, prepared.file);
  }
  return erased;
}

describe('erased entries', () => {
  test('are gone from the bytes of sealed segments; all others are where they were, now and after a restart', async () => {
    const dir = freshDir();
    const { log, positions } = await filled(dir, nodeDisk());
    const kept = [...positions.keys()].filter((text) => Number(text.split(' ')[1]) >= 30 || !text.startsWith('ann'));
    const sealedSizes = log
      .segments()
      .map(({ bytes }) => bytes)
      .slice(0, 3);
    expect(eraseSealed(log, dir, nodeDisk())).toBe(10);
    const check = (opened: EventLog): void => {
      expect(texts(opened)).toEqual(kept);
      expect(
        opened
          .segments()
          .map(({ bytes }) => bytes)
          .slice(0, 3),
      ).toEqual(sealedSizes);
      for (const [text, position] of positions) {
        if (kept.includes(text)) expect(textOf(opened.read(position))).toBe(text);
        else expect(() => opened.read(position)).toThrow(expect.objectContaining({ code: 'LOG_POSITION_GONE' }));
        // Reading on from an erased entry goes on with the next that is left.
        const [next] = opened.entries(position);
        expect(textOf(next.payload)).toBe(kept.find((one) => keyOf(one) >= keyOf(text)));
      }
    };
    check(log);
    for (const segment of sealedOf(log)) {
      expect(fs.readFileSync(path.join(dir, `0000000${segment}.log`)).includes('ann ')).toBe(false);
    }
    log.append(Buffer.from('bob goes on'));
    kept.push('bob goes on');
    await log.sync();
    await log.close();
    expect(checkLog(dir)).toMatchObject({ damage: [], entries: kept.length, tornBytes: 0 });
    expect(Array.from(readLogSegments(dir), ({ payload }) => textOf(payload))).toEqual(kept);
    const again = openEventLog({ dir });
    check(again);
    // Again: there is nothing left to erase in what was sealed.
    expect(eraseSealed(again, dir, nodeDisk())).toBe(0);
    await again.seal();
    expect(eraseSealed(again, dir, nodeDisk())).toBe(4);
    expect(texts(again).filter((text) => text.startsWith('ann'))).toEqual([]);
    await again.close();
  });

  test('are there or not after a crash at any moment, and nothing else ever is', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const rng = createRng(seed);
      const disk = memoryDiskDroppingUnsynced(rng);
      const { log, positions } = await filled('/log', disk);
      const swapped: number[] = [];
      for (const segment of sealedOf(log)) {
        if (rng.below(3) === 0) break;
        const prepared = prepareErasure('/log', segment, isAnns, disk);
        if (prepared === undefined || rng.below(4) === 0) break;
        log.swapSegment(segment, prepared.file);
        swapped.push(segment);
      }
      const later = disk.crash();
      const again = openEventLog({ dir: '/log', disk: later });
      const found = texts(again);
      expect(found.filter((text) => text.startsWith('bob'))).toEqual(
        [...positions.keys()].filter((text) => text.startsWith('bob')),
      );
      const gone = [...positions].filter(
        ([text, { segment }]) => isAnns(Buffer.from(text)) && swapped.includes(segment),
      );
      for (const [text] of gone) expect(found).not.toContain(text);
      // What was under way may or may not have come to pass; done again, it has.
      eraseSealed(again, '/log', later);
      expect(texts(again).filter((text) => text.startsWith('ann') && Number(text.split(' ')[1]) < 30)).toEqual([]);
      await again.close();
    }
  });

  test('leave no copy of a segment when the process ended before the swap', async () => {
    const dir = freshDir();
    const { log } = await filled(dir, nodeDisk());
    const prepared = prepareErasure(dir, 1, isAnns);
    expect(fs.existsSync(prepared?.file ?? '')).toBe(true);
    await log.close();
    removeTemporaries(dir);
    expect(fs.readdirSync(dir)).toEqual(['00000001.log', '00000002.log', '00000003.log', '00000004.log']);
  });

  test('are not taken for damage by a swap of another segment or of one that is still written', async () => {
    const dir = freshDir();
    const { log } = await filled(dir, nodeDisk());
    const prepared = prepareErasure(dir, 1, isAnns);
    if (prepared === undefined) throw new Error('there is something to erase');
    for (const segment of [2, 4, 9])
      expect(() => log.swapSegment(segment, prepared.file)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    expect(prepareErasure(dir, 1, () => false)).toBeUndefined();
    await log.close();
  });
});

function keyOf(text: string): number {
  return Number(text.split(' ')[1] === 'goes' ? 1000 : text.split(' ')[1]);
}
