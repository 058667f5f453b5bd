/**
 * Generated playlists: made for one listener out of the catalogue's tracks. They are cards and containers like any other,
 * and no items: no catalogue holds them. Their names and numbers are the same for every listener; what is in them is not.
 */
import { type Counters, marketSpan } from './counters.ts';
import { createVocabulary, NO_ITEM, type Vocabulary } from './vocabulary.ts';

/** What may be made for a listener. Position is the slot's number in records and stored lists: append only. */
export const GENERATED_SLOTS = [
  'daily-mix-1',
  'daily-mix-2',
  'daily-mix-3',
  'daily-mix-4',
  'daily-mix-5',
  'daily-mix-6',
  'weekly-discovery',
  'release-radar',
] as const;
export type GeneratedSlot = (typeof GENERATED_SLOTS)[number];

export const DAILY_MIXES = 6;
export const WEEKLY_DISCOVERY = GENERATED_SLOTS.indexOf('weekly-discovery');
export const RELEASE_RADAR = GENERATED_SLOTS.indexOf('release-radar');

/** No item of a catalogue may have an id that begins so. */
export const GENERATED_PREFIX = 'generated:';
/** Item number of slot s: GENERATED_BASE + s. Vocabularies give dense numbers, which never come near. */
export const GENERATED_BASE = 0xf0000000;

/** Does this number stand for a generated playlist? */
export function isGenerated(item: number): boolean {
  return item >= GENERATED_BASE && item < GENERATED_BASE + GENERATED_SLOTS.length;
}

export function generatedNumber(slot: number): number {
  return GENERATED_BASE + slot;
}

/** The slot of a number that `isGenerated`. */
export function slotOf(item: number): number {
  return item - GENERATED_BASE;
}

export function generatedId(slot: number): string {
  return GENERATED_PREFIX + GENERATED_SLOTS[slot];
}

const slotsById = new Map<string, number>(GENERATED_SLOTS.map((_, slot) => [generatedId(slot), slot]));

/** The slot of an id such as `generated:daily-mix-1`, or -1. */
export function slotOfId(id: string): number {
  return id.startsWith(GENERATED_PREFIX) ? (slotsById.get(id) ?? -1) : -1;
}

/**
 * Decayed plays that a generated playlist stands for, since nobody else can play it: those of the item that stands a tenth
 * down the world's list of most played items, and a place further for each slot, so that slots are in their order; 0 before
 * anything was counted. It is a guess that feedback corrects.
 */
export function generatedPlays({ topItems, plays }: Counters, slot: number): number {
  const item = topItems.length === 0 ? NO_ITEM : topItems[placeIn(topItems.length, slot)];
  return item < plays.length ? plays[item] : 0;
}

/** The same in one market, by its number; in the world where the counters do not have it. */
export function generatedMarketPlays(counters: Counters, market: number, slot: number): number {
  const [start, end] = marketSpan(counters, market);
  return start === end ? generatedPlays(counters, slot) : counters.marketPlays[start + placeIn(end - start, slot)];
}

function placeIn(length: number, slot: number): number {
  return Math.min(length - 1, Math.floor(length / 10) + slot);
}

/** A vocabulary of items: dense numbers, and the names of generated playlists with theirs. */
export function createItemVocabulary(names: Iterable<string> = []): Vocabulary {
  return createVocabulary(names, {
    lookup(name) {
      const slot = slotOfId(name);
      return slot < 0 ? -1 : generatedNumber(slot);
    },
    name: (number) => (isGenerated(number) ? generatedId(slotOf(number)) : undefined),
  });
}
