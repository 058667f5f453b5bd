import { describe, expect, it } from 'vitest';
import {
  buildCatalog,
  type Counters,
  createItemVocabulary,
  createVocabulary,
  EMPTY_EMBEDDING,
  readCatalog,
} from '../domain/index.ts';
import { EMPTY_VIEW } from './hydrate.ts';
import { createTraits } from './traits.ts';

const vocabularies = {
  items: createItemVocabulary(),
  genres: createVocabulary(),
  markets: createVocabulary(),
  tiers: createVocabulary(),
  languages: createVocabulary(),
};
const by = (id: string) => [{ id, name: id }];
const catalog = readCatalog(
  buildCatalog(
    [
      { id: 'known', kind: 'artist', title: 'Known' },
      { id: 'new', kind: 'artist', title: 'New' },
      { id: 'hit', kind: 'track', title: 'Hit', creators: by('known') },
      { id: 'debut', kind: 'track', title: 'Debut', creators: by('new') },
      { id: 'nobody', kind: 'track', title: 'By nobody' },
    ],
    vocabularies,
  ),
);
const number = (id: string) => vocabularies.items.number(id);
const countersOf = (plays: Record<string, number>) =>
  ({
    plays: Float64Array.from({ length: catalog.size }, (_, i) => plays[vocabularies.items.name(i)] ?? 0),
  }) as unknown as Counters;

describe('the traits of a decision', () => {
  const traits = createTraits();
  const input = { view: EMPTY_VIEW, catalog, embedding: EMPTY_EMBEDDING, newcomerPlays: 10 };

  it('mark artists with few plays of all their items, and what is by them', () => {
    const { newcomers } = traits({ ...input, counters: countersOf({ hit: 12, debut: 3, new: 4, nobody: 0 }) });
    const marks = ['known', 'new', 'hit', 'debut', 'nobody'].map((id) => newcomers[number(id)]);
    expect(marks).toEqual([0, 1, 0, 1, 0]);
    const more = traits({ ...input, counters: countersOf({ debut: 6, new: 4 }) }).newcomers;
    expect(more[number('debut')]).toBe(0);
  });

  it('give the shares of the listener’s genres, and none where no taste is known', () => {
    const view = { ...EMPTY_VIEW, genres: Uint16Array.of(4, 9), genrePlays: Float32Array.of(3, 1) };
    const counters = countersOf({});
    expect(traits({ ...input, view, counters })).toMatchObject({
      tasteGenres: Uint16Array.of(4, 9),
      tasteShares: Float64Array.of(0.75, 0.25),
    });
    expect(traits({ ...input, counters }).tasteGenres).toHaveLength(0);
  });
});
