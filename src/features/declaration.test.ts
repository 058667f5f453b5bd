import { expect, test } from 'vitest';
import { defineFeatures, type Feature, type PageFacts } from './declaration.ts';

const plays: Feature = {
  name: 'plays',
  scope: 'listener',
  kind: 'numeric',
  value: (p: PageFacts) => p.view.totalPlays,
};
const shelf: Feature = { name: 'shelf', scope: 'shelf', kind: 'category', value: () => 1 };
const kind: Feature = { name: 'kind', scope: 'card', kind: 'category', slot: false, value: (c) => c.kind };
const hashOf = (features: readonly Feature[], version?: string): string =>
  defineFeatures({ name: 'test', features, ...(version === undefined ? {} : { version }) }).hash;

test('has the same hash for the same declaration, and another for any change of data', () => {
  const base = hashOf([plays, shelf]);
  expect(hashOf([plays, shelf])).toBe(base);
  for (const changed of [
    [plays],
    [{ ...plays, name: 'listens' } as Feature, shelf],
    [{ ...plays, transform: 'log1p' } as Feature, shelf],
    [{ ...plays, missing: 1 } as Feature, shelf],
    [{ ...plays, kind: 'buckets', edges: [1, 2] } as Feature, shelf],
    [plays, { ...shelf, slot: false } as Feature],
  ]) {
    expect(hashOf(changed)).not.toBe(base);
  }
});

test('has another hash when the code of a function changes, but not when only its white space does', () => {
  const base = hashOf([plays]);
  expect(hashOf([{ ...plays, value: (p: PageFacts) => p.view.totalPlays + 1 } as Feature])).not.toBe(base);
  // biome-ignore format: the white space is what is tested
  expect(hashOf([{ ...plays, value: (p: PageFacts) =>    p.view   .totalPlays } as Feature])).toBe(base);
});

test('takes a stated version in place of the source text', () => {
  const base = hashOf([plays], '1');
  expect(hashOf([{ ...plays, value: (p: PageFacts) => p.view.tenureDays } as Feature], '1')).toBe(base);
  expect(hashOf([plays], '2')).not.toBe(base);
});

test('describes every feature for machines, ordered by scope', () => {
  const { descriptions } = defineFeatures({
    name: 'test',
    features: [
      { name: 'cosine', scope: 'cross', kind: 'numeric', fact: 'tasteCosine', missing: -1 },
      { name: 'shelf×kind', kind: 'crossed', of: ['shelf', 'kind'] },
      kind,
      { name: 'age', scope: 'card', kind: 'buckets', edges: [7, 30], value: () => 1 },
      shelf,
      plays,
    ],
  });
  expect(descriptions.map(({ name, scope, columns, slot }) => ({ name, scope, columns, slot }))).toEqual([
    { name: 'plays', scope: 'listener', columns: ['plays'], slot: '' },
    { name: 'shelf', scope: 'shelf', columns: [], slot: 'shelf' },
    { name: 'shelf×kind', scope: 'card', columns: [], slot: 'shelf×kind' },
    { name: 'kind', scope: 'card', columns: [], slot: '' },
    { name: 'age', scope: 'card', columns: ['age<7', 'age>=7', 'age>=30'], slot: '' },
    { name: 'cosine', scope: 'cross', columns: ['cosine'], slot: '' },
  ]);
  expect(JSON.parse(JSON.stringify(descriptions))).toEqual(descriptions);
});

test.each<[string, readonly Feature[]]>([
  ['two features of one name', [plays, plays]],
  ['a cross of what does not exist', [shelf, { name: 'x', kind: 'crossed', of: ['shelf', 'nothing'] }]],
  ['a cross of what is no category', [shelf, plays, { name: 'x', kind: 'crossed', of: ['shelf', 'plays'] }]],
  ['a cross of one', [shelf, { name: 'x', kind: 'crossed', of: ['shelf'] }]],
  ['edges that do not ascend', [{ ...plays, kind: 'buckets', edges: [3, 3] } as Feature]],
  ['no edges', [{ ...plays, kind: 'buckets', edges: [] } as Feature]],
  ['no labels', [{ ...plays, kind: 'oneHot', labels: [] } as Feature]],
  ['a missing value that is not finite', [{ ...plays, missing: Number.NaN } as Feature]],
])('refuses %s', (_, features) => {
  expect(() => hashOf(features)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
