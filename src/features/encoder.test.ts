import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng, hash32, mix32, type Rng } from '../base/index.ts';
import {
  DEVICES,
  EMPTY_COUNTERS,
  EMPTY_EMBEDDING,
  GENERATED_SLOTS,
  generatedNumber,
  isGenerated,
  marketSpan,
  NO_ITEM,
  slotOf,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { type FeatureWorld, featureWorld } from '../testing/index.ts';
import { createBatch, type FeatureBatch } from './batch.ts';
import { type CardFacts, defineFeatures, type FeatureSet, type PageFacts, type RowFact } from './declaration.ts';
import { createEncoder, type Encoder, type EncoderInput } from './encoder.ts';
import { homeFeatures } from './home-features.ts';

const AT_MS = Date.parse('2024-09-14T21:30:00Z');

/** All kinds of features in all scopes, most of which Home does not use. */
const everyKind = defineFeatures({
  name: 'every kind',
  features: [
    { name: 'l', scope: 'listener', kind: 'buckets', edges: [10, 100, 1000], value: (p) => p.view.totalPlays },
    { name: 's', scope: 'shelf', kind: 'numeric', value: (s, p) => s.shelfId.length + p.hour },
    {
      name: 'c',
      scope: 'card',
      kind: 'buckets',
      edges: [1, 2, 4],
      value: (c) => (c.kind === UNKNOWN_KIND ? Number.NaN : c.kind),
    },
    { name: 'far', scope: 'card', kind: 'numeric', missing: 7, value: (c) => (c.item % 3 === 0 ? 1e300 : c.item) },
    {
      name: 'x',
      scope: 'cross',
      kind: 'numeric',
      transform: 'recency',
      value: (p, c, s) => p.hour + c.item + s.shelfId.length,
    },
    { name: 'xb', scope: 'cross', kind: 'buckets', edges: [0.5, 2], fact: 'itemPlays' },
    { name: 'xo', scope: 'cross', kind: 'oneHot', labels: ['no', 'yes'], fact: 'liked' },
    { name: 'session', scope: 'cross', kind: 'numeric', missing: -2, fact: 'sessionCosine' },
    { name: 'device', scope: 'context', kind: 'category', value: (p) => p.device },
    {
      name: 'sc',
      scope: 'shelf',
      kind: 'category',
      slot: false,
      value: (s) => (s.shelfId === 'shelf-3' ? -1 : hash32(s.shelfId)),
    },
    {
      name: 'parent',
      scope: 'card',
      kind: 'category',
      slot: false,
      value: (c) => (c.parent === NO_ITEM ? -1 : c.parent),
    },
    { name: 'kind', scope: 'card', kind: 'category', value: (c) => (c.kind === UNKNOWN_KIND ? -1 : c.kind) },
    {
      name: 'own',
      scope: 'cross',
      kind: 'category',
      value: (p, c) => (p.view.sessionItem === c.item ? 1 : c.item % 5 === 0 ? -1 : 0),
    },
    { name: 'three', kind: 'crossed', of: ['sc', 'parent', 'kind'] },
    { name: 'mixed', kind: 'crossed', of: ['own', 'device', 'kind'] },
    { name: 'tier', scope: 'listener', kind: 'category', slot: false, value: (p) => p.view.tier },
    { name: 'fixed', kind: 'crossed', of: ['tier', 'device', 'sc'] },
    { name: 'fixedFirst', kind: 'crossed', of: ['tier', 'device', 'kind'] },
  ],
});

interface Shelf {
  readonly shelfId: string;
  readonly seedItem: number;
  readonly items: Uint32Array;
}

function randomShelf(rng: Rng, world: FeatureWorld): Shelf {
  const beyond = world.catalog.size + 5;
  return {
    shelfId: `shelf-${rng.below(6)}`,
    seedItem: rng.uniform() < 0.5 ? NO_ITEM : rng.below(beyond),
    items: Uint32Array.from({ length: rng.below(150) }, () =>
      rng.uniform() < 0.1 ? generatedNumber(rng.below(GENERATED_SLOTS.length)) : rng.below(beyond),
    ),
  };
}

function randomInput(rng: Rng, world: FeatureWorld): EncoderInput {
  const { catalog, counters, embedding } = world;
  return {
    view: world.listener(),
    atMs: AT_MS + rng.below(30 * 86_400_000),
    device: DEVICES[rng.below(DEVICES.length)],
    market: rng.below(8) - 1,
    catalog,
    counters,
    embedding,
  };
}

function encode(encoder: Encoder, input: EncoderInput, shelf: Shelf): FeatureBatch {
  const batch = createBatch(encoder, shelf.items.length);
  encoder.bind(input).encode(shelf, shelf.items, shelf.items.length, batch, 0);
  return batch;
}

describe.each([
  ['home features', homeFeatures],
  ['every kind of feature', everyKind],
])('%s', (_, set) => {
  test('are what a row-by-row reading of the declaration gives', () => {
    const encoder = createEncoder(set);
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (seed) => {
        const rng = createRng(seed);
        const world = featureWorld(rng, { items: 20 + rng.below(200), dimension: 1 + rng.below(20) });
        for (let page = 0; page < 3; page++) {
          const input = randomInput(rng, world);
          const shelf = randomShelf(rng, world);
          const batch = encode(encoder, input, shelf);
          shelf.items.forEach((item, r) => {
            const { dense, sparse } = naiveRow(set, input, shelf, item);
            const row = Array.from(batch.dense.subarray(r * encoder.denseWidth, (r + 1) * encoder.denseWidth));
            encoder.denseNames.forEach((name, j) => {
              if (Math.abs(row[j] - dense[j]) > 1e-5 * (1 + Math.abs(dense[j]))) {
                expect.fail(`${name} of item ${item} is ${row[j]}, not ${dense[j]}`);
              }
            });
            expect(Array.from(batch.sparse.subarray(r * encoder.sparseWidth, (r + 1) * encoder.sparseWidth))).toEqual(
              sparse,
            );
          });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('are the same bytes from another encoder, row by row, and after other pages', () => {
    const rng = createRng(5);
    const world = featureWorld(rng, { items: 300 });
    const input = randomInput(rng, world);
    const shelf = { shelfId: 'more-like', seedItem: 7, items: Uint32Array.from({ length: 200 }, () => rng.below(305)) };
    const encoder = createEncoder(set);
    const first = encode(encoder, input, shelf);
    expect(encode(createEncoder(set), input, shelf)).toEqual(first);

    const other = featureWorld(rng, { items: 500, genres: 90, markets: 5, dimension: 12 });
    for (let page = 0; page < 5; page++) encode(encoder, randomInput(rng, other), randomShelf(rng, other));
    expect(encode(encoder, input, shelf)).toEqual(first);

    const single = createBatch(encoder, 200);
    const bound = encoder.bind(input);
    for (let r = 199; r >= 0; r--) bound.encode(shelf, shelf.items.subarray(r, r + 1), 1, single, r);
    expect(single).toEqual(first);
  });
});

test('keeps items apart that share a place of the memo', () => {
  const encoder = createEncoder(
    defineFeatures({ name: 'n', features: [{ name: 'item', scope: 'card', kind: 'numeric', value: (c) => c.item }] }),
  );
  const world = featureWorld(createRng(1), { items: 10 });
  const items = Uint32Array.from([3, 3 + 65_536, 3, 3 + 2 * 65_536, 3 + 65_536]);
  const { dense } = encode(encoder, randomInput(createRng(2), world), { shelfId: 's', seedItem: NO_ITEM, items });
  expect(Array.from(dense)).toEqual(Array.from(items));
});

test('computes card features anew when counters, catalogue or the day change', () => {
  const encoder = createEncoder(homeFeatures);
  const world = featureWorld(createRng(1), { items: 50 });
  const input = randomInput(createRng(3), world);
  const shelf = { shelfId: 's', seedItem: NO_ITEM, items: Uint32Array.from({ length: 40 }, (_, item) => item) };
  encode(encoder, input, shelf);
  const later = { ...input, atMs: input.atMs + 86_400_000 };
  const recounted = { ...input, counters: EMPTY_COUNTERS };
  for (const changed of [later, recounted, input]) {
    expect(encode(encoder, changed, shelf)).toEqual(encode(createEncoder(homeFeatures), changed, shelf));
  }
});

test('encodes a new listener before there are counters and embeddings, all columns finite', () => {
  const encoder = createEncoder(homeFeatures);
  const { catalog } = featureWorld(createRng(1), { items: 30 });
  const nothing = new Float32Array(0);
  const view = {
    ...{ tier: -1, market: -1, language: -1, ageBand: 0, totalPlays: 0, tenureDays: 0, recentPlays: 0, taste: nothing },
    ...{ items: new Uint32Array(0), itemPlays: nothing, itemAgeDays: nothing, creators: new Uint32Array(0) },
    ...{ creatorPlays: nothing, genres: new Uint16Array(0), genrePlays: nothing, hours: nothing },
    ...{ followed: new Uint32Array(0), liked: new Uint32Array(0), sessionItem: NO_ITEM, sessionPlays: 0 },
  };
  const input: EncoderInput = {
    ...{ view, atMs: AT_MS, device: 'tv', market: -1, catalog, counters: EMPTY_COUNTERS, embedding: EMPTY_EMBEDDING },
  };
  const { dense, sparse } = encode(encoder, input, {
    shelfId: 'popular',
    seedItem: NO_ITEM,
    items: Uint32Array.from({ length: 40 }, (_, item) => item),
  });
  expect(dense.every(Number.isFinite)).toBe(true);
  expect(sparse.every((bucket) => bucket < encoder.buckets)).toBe(true);
});

test('leaves the slots of a shelf without a name missing', () => {
  const encoder = createEncoder(homeFeatures);
  const world = featureWorld(createRng(1), { items: 30 });
  const { sparse } = encode(encoder, randomInput(createRng(4), world), {
    ...{ shelfId: '', seedItem: NO_ITEM, items: Uint32Array.from([1, 2, 3]) },
  });
  encoder.sparseNames.forEach((name, s) => {
    if (name.startsWith('shelf')) for (let r = 0; r < 3; r++) expect(sparse[r * encoder.sparseWidth + s]).toBe(0);
  });
});

test('takes numbers in a listener view that are no amounts for nothing', () => {
  const encoder = createEncoder(homeFeatures);
  const world = featureWorld(createRng(1), { items: 30 });
  const input = randomInput(createRng(4), world);
  const items = Uint32Array.from([1, 2, 3]);
  const itemPlays = Float32Array.from([Number.NaN, Number.POSITIVE_INFINITY, -5]);
  const view = { ...input.view, items, itemPlays, itemAgeDays: itemPlays, totalPlays: Number.NaN };
  const { dense } = encode(encoder, { ...input, view }, { shelfId: 's', seedItem: NO_ITEM, items });
  expect(dense.every(Number.isFinite)).toBe(true);
});

test('refuses rows that do not fit and batches of another shape', () => {
  const encoder = createEncoder(homeFeatures);
  const world = featureWorld(createRng(1), { items: 30 });
  const bound = encoder.bind(randomInput(createRng(4), world));
  const shelf = { shelfId: 's', seedItem: NO_ITEM };
  const batch = createBatch(encoder, 4);
  expect(() => bound.encode(shelf, new Uint32Array(3), 3, batch, 2)).toThrow(RangeError);
  expect(() => bound.encode(shelf, new Uint32Array(1), 2, batch, 0)).toThrow(RangeError);
  expect(() =>
    bound.encode(shelf, new Uint32Array(2), 2, createBatch({ denseWidth: 2, sparseWidth: 1 }, 9), 0),
  ).toThrow(RangeError);
  bound.encode(shelf, new Uint32Array(3), 0, batch, 4);
  expect(batch).toEqual(createBatch(encoder, 4));
});

test('spreads crosses over the buckets with few collisions', () => {
  const encoder = createEncoder(
    defineFeatures({
      name: 'n',
      features: [
        { name: 'shelf', scope: 'shelf', kind: 'category', slot: false, value: (s) => Number(s.shelfId) },
        { name: 'item', scope: 'card', kind: 'category', slot: false, value: (c) => c.item },
        { name: 'both', kind: 'crossed', of: ['shelf', 'item'] },
      ],
    }),
  );
  const world = featureWorld(createRng(1), { items: 10 });
  const bound = encoder.bind(randomInput(createRng(2), world));
  const items = Uint32Array.from({ length: 1000 }, (_, item) => item);
  const buckets = new Set<number>();
  for (let shelfNumber = 0; shelfNumber < 20; shelfNumber++) {
    const batch = createBatch(encoder, 1000);
    bound.encode({ shelfId: String(shelfNumber), seedItem: NO_ITEM }, items, 1000, batch, 0);
    for (const bucket of batch.sparse) buckets.add(bucket);
  }
  // 20,000 balls in 2^18 bins: 19,256 are expected to be taken, with a standard deviation of 26.
  expect(buckets.size).toBeGreaterThan(19_130);
  expect(buckets.size).toBeLessThan(19_400);
});

// ---- The reference: one row at a time, nothing kept, nothing shared with the encoder but the declaration. ----

function naiveRow(
  set: FeatureSet,
  input: EncoderInput,
  shelf: Shelf,
  item: number,
): { dense: readonly number[]; sparse: readonly number[] } {
  const { catalog, counters } = input;
  const date = new Date(input.atMs);
  const hour = date.getUTCHours();
  const page: PageFacts = {
    ...input,
    day: Math.floor(input.atMs / 86_400_000),
    hour,
    weekday: (date.getUTCDay() + 6) % 7,
    dayPart: hour >= 23 || hour < 5 ? 0 : hour < 10 ? 1 : hour < 14 ? 2 : hour < 18 ? 3 : 4,
    device: DEVICES.indexOf(input.device),
    surface: { phone: 0, tablet: 0, desktop: 1, web: 1, tv: 2, car: 3, speaker: 3 }[input.device],
  };
  const known = item < catalog.size;
  const card: CardFacts = {
    ...{ item, day: page.day, catalog, counters },
    kind: known ? catalog.kind[item] : UNKNOWN_KIND,
    creator: known ? catalog.creator[item] : NO_ITEM,
    parent: known ? catalog.parent[item] : NO_ITEM,
  };
  const read = (feature: FeatureSet['features'][number]): number => {
    if (feature.kind === 'crossed') throw new Error('a cross has no value');
    if ('fact' in feature) return naiveFact(feature.fact, page, shelf, card);
    if (feature.scope === 'listener' || feature.scope === 'context') return feature.value(page);
    if (feature.scope === 'shelf') return feature.value(shelf, page);
    return feature.scope === 'card' ? feature.value(card) : feature.value(page, card, shelf);
  };
  const dense: number[] = [];
  const sparse: number[] = [];
  for (const feature of set.features) {
    switch (feature.kind) {
      case 'numeric': {
        const x = read(feature);
        const transformed = { identity: x, log1p: Math.log1p(Math.max(0, x)), recency: 1 / (1 + Math.max(0, x)) };
        dense.push(
          Number.isFinite(Math.fround(x))
            ? Math.fround(transformed[feature.transform ?? 'identity'])
            : (feature.missing ?? 0),
        );
        break;
      }
      case 'buckets': {
        const x = read(feature);
        const bounds = [Number.NEGATIVE_INFINITY, ...feature.edges, Number.POSITIVE_INFINITY];
        for (let b = 0; b + 1 < bounds.length; b++) dense.push(x >= bounds[b] && x < bounds[b + 1] ? 1 : 0);
        break;
      }
      case 'oneHot': {
        const x = read(feature);
        for (let c = 0; c < feature.labels.length; c++) dense.push(x === c ? 1 : 0);
        break;
      }
      case 'category':
        if (feature.slot !== false) sparse.push(naiveBucket(set, feature.name, [read(feature)]));
        break;
      case 'crossed': {
        const parts = feature.of.flatMap((name) => set.features.filter((other) => other.name === name));
        const fixed = ['listener', 'context', 'shelf'];
        const rank = (part: (typeof parts)[number]): number =>
          part.kind === 'crossed' || fixed.includes(part.scope) ? 0 : part.scope === 'card' ? 1 : 2;
        parts.sort((a, b) => rank(a) - rank(b));
        sparse.push(naiveBucket(set, feature.name, parts.map(read)));
        break;
      }
    }
  }
  return { dense, sparse };
}

function naiveBucket(set: FeatureSet, name: string, categories: readonly number[]): number {
  if (categories.some((category) => !(category >= 0))) return 0;
  let hash = hash32(name);
  for (const category of categories) {
    const product = Math.imul(hash ^ mix32(category + 0x7f4a7c15), 0x9e3779b1) >>> 0;
    hash = (product ^ (product >>> 15)) >>> 0;
  }
  return Math.max(1, hash >>> (32 - Math.log2(set.buckets)));
}

function naiveFact(fact: RowFact, page: PageFacts, shelf: Shelf, card: CardFacts): number {
  const { view, catalog, counters, embedding } = page;
  const { item, creator, parent } = card;
  const own = view.items.indexOf(item);
  const ofParent = parent === NO_ITEM ? -1 : view.items.indexOf(parent);
  const played = ofParent >= 0 && view.itemPlays[ofParent] > (own < 0 ? 0 : view.itemPlays[own]) ? ofParent : own;
  const genres =
    item < catalog.size
      ? [...catalog.genreIds.subarray(catalog.genreStart[item], catalog.genreStart[item + 1])].slice(0, 8)
      : [];
  const genreMean = (of: (plays: number) => number): number => {
    let sum = 0;
    let weights = 0;
    genres.forEach((genre, k) => {
      const at = view.genres.indexOf(genre);
      sum += of(at < 0 ? 0 : view.genrePlays[at]) / (k + 1);
      weights += 1 / (k + 1);
    });
    return sum / weights;
  };
  const vectorOf = (number: number): Float32Array =>
    number < embedding.size
      ? embedding.factors.subarray(number * embedding.dimension, (number + 1) * embedding.dimension)
      : new Float32Array(0);
  const cosine = (a: Float32Array, b: Float32Array): number => {
    if (a.length === 0 || a.length !== b.length) return Number.NaN;
    const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, xk, k) => sum + xk * y[k], 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  switch (fact) {
    case 'marketPlays': {
      const [start, end] = marketSpan(counters, page.market);
      if (isGenerated(item)) {
        const placeIn = (length: number) => Math.min(length - 1, Math.floor(length / 10) + slotOf(item));
        const top = counters.topItems[placeIn(counters.topItems.length)];
        return start < end ? counters.marketPlays[start + placeIn(end - start)] : (counters.plays[top] ?? 0);
      }
      if (start === end) return item < counters.plays.length ? counters.plays[item] : 0;
      const at = counters.marketItems.subarray(start, end).indexOf(item);
      return at < 0 ? 0 : counters.marketPlays[start + at];
    }
    case 'itemPlays':
      return played < 0 ? 0 : view.itemPlays[played];
    case 'itemAgeDays':
      return played < 0 ? Number.NaN : view.itemAgeDays[played];
    case 'creatorPlays': {
      const at = creator === NO_ITEM ? -1 : view.creators.indexOf(creator);
      return at < 0 ? 0 : view.creatorPlays[at];
    }
    case 'genrePlays':
      return genres.length === 0 ? 0 : genreMean((plays) => plays);
    case 'genreNovelty':
      return genres.length === 0 ? Number.NaN : 1 - genreMean((plays) => plays / (1 + plays));
    case 'followed':
      return [item, creator, parent].some((number) => view.followed.includes(number)) ? 1 : 0;
    case 'liked':
      return [item, parent].some((number) => view.liked.includes(number)) ? 1 : 0;
    case 'sameCreator':
      return creator !== NO_ITEM && view.sessionItem < catalog.size && catalog.creator[view.sessionItem] === creator
        ? 1
        : 0;
    case 'seedNeighbour': {
      if (shelf.seedItem >= embedding.size) return 0;
      const start = shelf.seedItem * embedding.neighbourCount;
      for (let k = start + embedding.neighbourCount - 1; k >= start; k--) {
        const listed = [...embedding.neighbours.subarray(start, k + 1)];
        if (embedding.neighbours[k] === item && !listed.includes(NO_ITEM)) return embedding.neighbourSimilarity[k];
      }
      return 0;
    }
    case 'tasteCosine':
      if (isGenerated(item))
        return view.taste.length === embedding.dimension && view.taste.some((x) => x !== 0) ? 1 : Number.NaN;
      return cosine(vectorOf(item), view.taste);
    case 'seedCosine':
      return cosine(vectorOf(item), vectorOf(shelf.seedItem));
    case 'sessionCosine':
      return cosine(vectorOf(item), vectorOf(view.sessionItem));
  }
}
