/**
 * The standard features of Home: 40 dense columns and 9 hashed slots.
 * Whoever changes a function here raises `version` (a golden test insists); whoever changes data need not: they are hashed.
 */
import { hash32 } from '../base/index.ts';
import {
  AGE_BANDS,
  generatedPlays,
  ITEM_EXPLICIT,
  ITEM_KINDS,
  isGenerated,
  NO_ITEM,
  SURFACES,
  slotOf,
  UNKNOWN_DAY,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { type CardFacts, defineFeatures, type FeatureSet } from './declaration.ts';

/** Days since release: 0 for what is yet to come out, NaN when unknown. */
function releaseAgeDays({ item, kind, catalog, day }: CardFacts): number {
  if (kind === UNKNOWN_KIND || catalog.releaseDay[item] === UNKNOWN_DAY) return Number.NaN;
  return Math.max(0, day - catalog.releaseDay[item]);
}

function playsOf({ item, counters }: CardFacts): number {
  if (isGenerated(item)) return generatedPlays(counters, slotOf(item));
  return item < counters.plays.length ? counters.plays[item] : 0;
}

const PLAYLIST = ITEM_KINDS.indexOf('playlist');

/** Generated playlists have no columns, and are playlists all the same. */
function kindOf({ item, kind }: CardFacts): number {
  return isGenerated(item) ? PLAYLIST : kind;
}

const YOUNG = AGE_BANDS.indexOf('25-34');
const OLDER = AGE_BANDS.indexOf('45-54');

export const homeFeatures: FeatureSet = defineFeatures({
  name: 'home',
  version: '2',
  features: [
    // The listener.
    {
      name: 'listener.totalPlays',
      scope: 'listener',
      kind: 'numeric',
      transform: 'log1p',
      value: (p) => p.view.totalPlays,
    },
    {
      name: 'listener.tenureDays',
      scope: 'listener',
      kind: 'numeric',
      transform: 'log1p',
      value: (p) => p.view.tenureDays,
    },
    {
      name: 'listener.recentPlays',
      scope: 'listener',
      kind: 'numeric',
      transform: 'log1p',
      value: (p) => p.view.recentPlays,
    },
    {
      name: 'listener.sessionPlays',
      scope: 'listener',
      kind: 'numeric',
      transform: 'log1p',
      value: (p) => p.view.sessionPlays,
    },
    // The two tiers known first; all of them take part in tier×kind.
    {
      name: 'listener.tier',
      scope: 'listener',
      kind: 'oneHot',
      labels: ['first', 'second'],
      value: (p) => p.view.tier,
    },
    {
      name: 'listener.age',
      scope: 'listener',
      kind: 'oneHot',
      labels: ['under25', 'over44'],
      value: ({ view: { ageBand } }) => (ageBand === 0 ? -1 : ageBand < YOUNG ? 0 : ageBand >= OLDER ? 1 : -1),
    },

    // The context.
    { name: 'context.hourSin', scope: 'context', kind: 'numeric', value: (p) => Math.sin((p.hour / 12) * Math.PI) },
    { name: 'context.hourCos', scope: 'context', kind: 'numeric', value: (p) => Math.cos((p.hour / 12) * Math.PI) },
    { name: 'context.weekend', scope: 'context', kind: 'numeric', value: (p) => (p.weekday >= 5 ? 1 : 0) },
    {
      // Share of the listener's plays within an hour of this one, in units of what an even day would give (3/24).
      name: 'context.habit',
      scope: 'context',
      kind: 'numeric',
      transform: 'log1p',
      value: ({ view: { hours }, hour }) =>
        hours.length < 24 ? Number.NaN : 8 * (hours[(hour + 23) % 24] + hours[hour] + hours[(hour + 1) % 24]),
    },
    { name: 'context.surface', scope: 'context', kind: 'oneHot', labels: SURFACES, value: (p) => p.surface },

    // The shelf: which one it is stands in the slots. Without a name ('') it is missing there.
    { name: 'shelf.seeded', scope: 'shelf', kind: 'numeric', value: (s) => (s.seedItem === NO_ITEM ? 0 : 1) },

    // The card.
    { name: 'card.popularity', scope: 'card', kind: 'numeric', transform: 'log1p', value: (c) => playsOf(c) },
    {
      name: 'card.releaseAge',
      scope: 'card',
      kind: 'numeric',
      transform: 'log1p',
      missing: 6,
      value: (c) => releaseAgeDays(c),
    },
    { name: 'card.fresh', scope: 'card', kind: 'numeric', value: (c) => Math.exp(releaseAgeDays(c) / -14) },
    {
      name: 'card.minutes',
      scope: 'card',
      kind: 'numeric',
      transform: 'log1p',
      missing: 1.5,
      value: ({ item, kind, catalog: { durationMs } }) =>
        kind === UNKNOWN_KIND || durationMs[item] === 0 ? Number.NaN : durationMs[item] / 60_000,
    },
    { name: 'card.kind', scope: 'card', kind: 'oneHot', labels: ITEM_KINDS, value: kindOf },
    {
      name: 'card.explicit',
      scope: 'card',
      kind: 'numeric',
      value: ({ item, kind, catalog }) => (kind === UNKNOWN_KIND ? Number.NaN : catalog.flags[item] & ITEM_EXPLICIT),
    },

    // The card for this listener.
    { name: 'cross.marketPopularity', scope: 'cross', kind: 'numeric', transform: 'log1p', fact: 'marketPlays' },
    { name: 'cross.taste', scope: 'cross', kind: 'numeric', fact: 'tasteCosine' },
    { name: 'cross.itemPlays', scope: 'cross', kind: 'numeric', transform: 'log1p', fact: 'itemPlays' },
    { name: 'cross.lastPlay', scope: 'cross', kind: 'numeric', transform: 'recency', fact: 'itemAgeDays' },
    { name: 'cross.creatorPlays', scope: 'cross', kind: 'numeric', transform: 'log1p', fact: 'creatorPlays' },
    { name: 'cross.genrePlays', scope: 'cross', kind: 'numeric', transform: 'log1p', fact: 'genrePlays' },
    { name: 'cross.genreNovelty', scope: 'cross', kind: 'numeric', missing: 0.5, fact: 'genreNovelty' },
    { name: 'cross.followed', scope: 'cross', kind: 'numeric', fact: 'followed' },
    { name: 'cross.liked', scope: 'cross', kind: 'numeric', fact: 'liked' },
    { name: 'cross.sameCreator', scope: 'cross', kind: 'numeric', fact: 'sameCreator' },
    { name: 'cross.seed', scope: 'cross', kind: 'numeric', fact: 'seedCosine' },
    { name: 'cross.seedNeighbour', scope: 'cross', kind: 'numeric', fact: 'seedNeighbour' },

    // Categories, and the slots that they make.
    { name: 'tier', scope: 'listener', kind: 'category', slot: false, value: (p) => p.view.tier },
    { name: 'market', scope: 'context', kind: 'category', slot: false, value: (p) => p.market },
    { name: 'dayPart', scope: 'context', kind: 'category', slot: false, value: (p) => p.dayPart },
    { name: 'device', scope: 'context', kind: 'category', slot: false, value: (p) => p.device },
    {
      name: 'shelf',
      scope: 'shelf',
      kind: 'category',
      slot: false,
      value: (s) => (s.shelfId === '' ? -1 : hash32(s.shelfId)),
    },
    {
      name: 'kind',
      scope: 'card',
      kind: 'category',
      slot: false,
      value: (c) => (kindOf(c) === UNKNOWN_KIND ? -1 : kindOf(c)),
    },
    {
      name: 'genre',
      scope: 'card',
      kind: 'category',
      slot: false,
      value: ({ item, kind, catalog: { genreStart, genreIds } }) =>
        kind === UNKNOWN_KIND || genreStart[item] === genreStart[item + 1] ? -1 : genreIds[genreStart[item]],
    },
    {
      name: 'popularity',
      scope: 'card',
      kind: 'category',
      slot: false,
      value: (c) => Math.floor(Math.log2(1 + playsOf(c))),
    },
    // Which playlist that was made for the listener: each is learnt by itself.
    { name: 'generated', scope: 'card', kind: 'category', value: (c) => (isGenerated(c.item) ? slotOf(c.item) : -1) },
    { name: 'creator', scope: 'card', kind: 'category', value: (c) => (c.creator === NO_ITEM ? -1 : c.creator) },
    { name: 'shelf×kind', kind: 'crossed', of: ['shelf', 'kind'] },
    { name: 'shelf×dayPart', kind: 'crossed', of: ['shelf', 'dayPart'] },
    { name: 'shelf×device', kind: 'crossed', of: ['shelf', 'device'] },
    { name: 'shelf×popularity', kind: 'crossed', of: ['shelf', 'popularity'] },
    { name: 'dayPart×genre', kind: 'crossed', of: ['dayPart', 'genre'] },
    { name: 'market×genre', kind: 'crossed', of: ['market', 'genre'] },
    { name: 'tier×kind', kind: 'crossed', of: ['tier', 'kind'] },
  ],
});
