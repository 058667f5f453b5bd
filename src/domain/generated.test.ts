import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../base/index.ts';
import {
  createItemVocabulary,
  EMPTY_COUNTERS,
  GENERATED_BASE,
  GENERATED_SLOTS,
  generatedId,
  generatedNumber,
  generatedPlays,
  type Item,
  isGenerated,
  itemProblem,
  NO_ITEM,
  slotOf,
  slotOfId,
} from './index.ts';

describe('names of generated playlists', () => {
  it('have numbers above every catalogue, and back', () => {
    for (const [slot, name] of GENERATED_SLOTS.entries()) {
      const item = generatedNumber(slot);
      expect(generatedId(slot)).toBe(`generated:${name}`);
      expect([isGenerated(item), slotOf(item), slotOfId(generatedId(slot))]).toEqual([true, slot, slot]);
    }
    for (const item of [0, 1_000_000, GENERATED_BASE - 1, GENERATED_BASE + GENERATED_SLOTS.length, NO_ITEM])
      expect(isGenerated(item)).toBe(false);
    expect(['generated:mine', 'daily-mix-1', ''].map(slotOfId)).toEqual([-1, -1, -1]);
  });

  it('stand beside the dense numbers of a vocabulary and are never stored', () => {
    const names = createItemVocabulary(['a']);
    expect(names.number('generated:daily-mix-2')).toBe(GENERATED_BASE + 1);
    expect(names.lookup('generated:release-radar')).toBe(GENERATED_BASE + 7);
    expect(names.name(GENERATED_BASE + 6)).toBe('generated:weekly-discovery');
    // What only looks like one is an ordinary name.
    expect(names.number('generated:other')).toBe(1);
    expect([names.size, names.since(0)]).toEqual([2, ['a', 'generated:other']]);
    expect(() => names.name(GENERATED_BASE + GENERATED_SLOTS.length)).toThrow(RangeError);
  });

  it('keep their numbers in records', () => {
    const out = new ByteWriter();
    out.zigzag(GENERATED_BASE + 7);
    out.zigzag(-GENERATED_BASE);
    out.varint(GENERATED_BASE + 3);
    const read = new ByteReader(out.finish());
    expect([read.zigzag(), read.zigzag(), read.varint()]).toEqual([
      GENERATED_BASE + 7,
      -GENERATED_BASE,
      GENERATED_BASE + 3,
    ]);
  });

  it('are refused as ids of items, parents and creators', () => {
    const item: Item = { id: 'x', kind: 'track', title: 'X' };
    expect(itemProblem(item)).toBeUndefined();
    expect(itemProblem({ ...item, id: 'generated:x' })).toMatch(/^\/id begins with "generated:"/);
    expect(itemProblem({ ...item, parentId: 'generated:daily-mix-1' })).toMatch(/^\/parentId /);
    const creators = [
      { id: 'a', name: 'A' },
      { id: 'generated:b', name: 'B' },
    ];
    expect(itemProblem({ ...item, creators })).toMatch(/^\/creators\/1\/id /);
  });
});

it('a generated playlist is as popular as what stands a tenth down the list of the world, in the order of slots', () => {
  expect(generatedPlays(EMPTY_COUNTERS, 0)).toBe(0);
  const plays = Float32Array.from({ length: 40 }, (_, i) => 100 - i);
  const topItems = Uint32Array.from({ length: 40 }, (_, i) => i);
  expect([0, 1, 7].map((slot) => generatedPlays({ ...EMPTY_COUNTERS, plays, topItems }, slot))).toEqual([96, 95, 89]);
  expect(generatedPlays({ ...EMPTY_COUNTERS, plays, topItems: topItems.slice(0, 3) }, 7)).toBe(98);
  // An item that the counters list without a count.
  expect(generatedPlays({ ...EMPTY_COUNTERS, plays, topItems: Uint32Array.of(77) }, 0)).toBe(0);
});
