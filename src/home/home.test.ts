// Longer than a file should be: one small world, built once, stands beside all that is asked of the Home made from it.
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS, manualClock, noise, seedFromBytes } from '../base/index.ts';
import {
  buildCatalog,
  createVocabulary,
  type DecisionRecord,
  decisionIdOf,
  type FeedbackEvent,
  type Item,
  type ListenerView,
  NO_CAMPAIGNS,
  type Page,
  readCatalog,
  readCounters,
  readEmbedding,
  resolveProfile,
  sealEpoch,
  type Vocabularies,
} from '../domain/index.ts';
import { createBatch, createEncoder, homeFeatures } from '../features/index.ts';
import { type EnsembleModel, loadModel, logisticModel, type RewardModel } from '../models/index.ts';
import { POLICY_VARIANTS } from '../policy/index.ts';
import { createNearest, fitEmbedding } from '../retrieval/index.ts';
import { createCounters, emptyState, foldEvent, type ListenerState } from '../signals/index.ts';
import { eventOf } from './event-testing.ts';
import {
  cardOpening,
  cardTexts,
  createDecider,
  createHome,
  type HomeInput,
  type ItemTexts,
  indexChildren,
  isAudited,
  recompute,
  resolveTunables,
  type ServingEpochs,
} from './index.ts';

const NOW = Date.UTC(2026, 10, 1, 18);
const names: Vocabularies = {
  items: createVocabulary(),
  genres: createVocabulary(),
  markets: createVocabulary(),
  tiers: createVocabulary(),
  languages: createVocabulary(),
};

const ARTISTS = 180;
const items: Item[] = [
  ...Array.from(
    { length: ARTISTS },
    (_, a): Item => ({
      id: `artist:${a}`,
      kind: 'artist',
      title: `Artist ${a}`,
      genres: [['calm', 'loud', 'odd'][a % 3]],
      explicit: a === 7,
      ...(a === 8 ? { tiers: ['premium'] } : {}),
      ...(a === 9 ? { markets: ['SE'] } : {}),
      ...(a === 10 ? { availableUntil: new Date(NOW - DAY_MS).toISOString() } : {}),
    }),
  ),
  { id: 'show', kind: 'show', title: 'The Show' },
  ...[1, 5, 40].map(
    (age): Item => ({
      id: `episode:${age}`,
      kind: 'episode',
      title: `Episode of ${age} days ago`,
      parentId: 'show',
      releasedAt: new Date(NOW - age * DAY_MS).toISOString(),
    }),
  ),
];
const catalogEpoch = buildCatalog(items, names);
const catalog = readCatalog(catalogEpoch);
const number = (id: string): number => names.items.lookup(id);

const itemOf = (item: number): Item | undefined => items.find(({ id }) => id === names.items.name(item));
const texts: ItemTexts = {
  id: (item) => names.items.name(item),
  genre: (item) => itemOf(item)?.genres?.[0] ?? '',
  title: (item) => itemOf(item)?.title ?? '',
  releasedAtMs: (item) => Date.parse(itemOf(item)?.releasedAt ?? ''),
  show: (item) => (itemOf(item)?.parentId === 'show' ? 'The Show' : ''),
  card(item, language, year) {
    const { kind = 'track', explicit = false, durationMs = 0 } = itemOf(item) ?? {};
    return cardTexts(
      { kind, isExplicit: explicit, releasedAtMs: texts.releasedAtMs(item), durationMs },
      cardOpening(names.items.name(item), 'artist', 't', ''),
      `in ${language} of ${year}`,
    );
  },
};

function event(given: Partial<FeedbackEvent>): FeedbackEvent {
  return eventOf({ occurredAtMs: NOW - DAY_MS, receivedAtMs: NOW, ...given });
}

function play(state: ListenerState, id: string, times: number, ageDays: number): void {
  for (let i = 0; i < times; i++) {
    foldEvent(state, event({ itemId: id, occurredAtMs: NOW - ageDays * DAY_MS - i * 60_000 }), number(id), -1);
  }
}

/** Somebody who plays calm artists (0, 3, 6 …): 0 most, 3 next, 39 last; and loved 30 two months ago. */
function listener(): ListenerState {
  const state = emptyState();
  for (let a = 0; a < 10; a++) play(state, `artist:${3 * a}`, 12 - a, 1 + a);
  for (const a of [39, 42, 45]) play(state, `artist:${a}`, 1, 0.1);
  play(state, 'artist:30', 9, 60);
  play(state, 'artist:33', 8, 61);
  play(state, 'artist:36', 8, 62);
  foldEvent(state, event({ type: 'follow', itemId: 'show' }), number('show'), -1);
  return state;
}

const encoder = createEncoder(homeFeatures);

const tunables = resolveTunables();

async function epochsOf(): Promise<ServingEpochs> {
  const rng = createRng(3);
  const starts = [0];
  const pairs: number[] = [];
  for (let l = 0; l < 60; l++) {
    const camp = l % 3;
    const row = new Set<number>();
    while (row.size < 20) row.add(number(`artist:${3 * rng.below(ARTISTS / 3) + camp}`));
    pairs.push(...[...row].sort((a, b) => a - b));
    starts.push(pairs.length);
  }
  const embeddingEpoch = fitEmbedding(
    {
      listenerStart: Uint32Array.from(starts),
      items: Uint32Array.from(pairs),
      counts: new Float32Array(pairs.length).fill(3),
    },
    { itemCount: catalog.size, rng, dimension: 8, neighbourCount: 12 },
  );
  const embedding = readEmbedding(embeddingEpoch);
  const counters = createCounters();
  for (const item of pairs) counters.add(item, names.markets.number('SE'), NOW - DAY_MS);
  const countersEpoch = counters.epoch(NOW, catalog, names.genres.size);
  const batch = createBatch(encoder, 200);
  for (let i = 0; i < batch.dense.length; i++) batch.dense[i] = rng.normal();
  const labels = Float32Array.from({ length: 200 }, () => (rng.uniform() < 0.3 ? 1 : 0));
  const learner = logisticModel.fresh(encoder);
  await learner.fit({ batch, labels, weights: new Float32Array(200).fill(1), rows: 200 }, { rng });
  return {
    catalog,
    children: indexChildren(catalog),
    counters: readCounters(countersEpoch),
    embedding,
    nearest: createNearest(embedding),
    cohorts: undefined,
    campaigns: NO_CAMPAIGNS,
    model: loadModel(sealEpoch(learner.toEpoch()), encoder),
    changed: new Map(),
    tunables,
    tunablesHash: '',
  };
}
const epochs = await epochsOf();

/** The model that serves, as an ensemble that knows its error: members and draws are its scores, moved by row and draw. */
function evidentModel(): EnsembleModel {
  const { model } = epochs;
  if (model === undefined) throw new Error('no model');
  const moved = (seed: number, deviation: number): RewardModel => ({
    ...plainModel(model),
    predict: (batch, rows, out) => {
      model.predict(batch, rows, out);
      for (let r = 0; r < rows; r++) out[r] += deviation * (noise(SPREAD, seed, r, 0) - 0.5);
    },
  });
  return {
    ...plainModel(model),
    family: 'ensemble',
    size: 10,
    member: (j) => moved(j, 0.2),
    drawn: (_seed, m) => m % 10,
    sensitivities: (_batch, rows, out) => {
      for (let r = 0; r < rows; r++) out[r] = 0.01 * noise(SPREAD, 99, r, 0);
    },
    uncertainty: {
      deviations: (_batch, rows, out) => {
        for (let r = 0; r < rows; r++) out[r] = 0.05 * noise(SPREAD, 98, r, 0);
      },
      draw: (batch, rows, seed, draws, out) => {
        const scores = new Float64Array(rows);
        model.predict(batch, rows, scores);
        for (let r = 0; r < rows; r++) {
          for (let m = 0; m < draws; m++) out[r * draws + m] = scores[r] + 0.2 * (noise(seed, m, r, 0) - 0.5);
        }
      },
    },
  };
}

const SPREAD = Uint32Array.of(1, 2, 3, 4);

function plainModel(model: RewardModel): RewardModel {
  const { family, hash, encoderHash, bias } = model;
  return {
    family,
    hash,
    encoderHash,
    bias,
    predict: (batch, rows, out) => model.predict(batch, rows, out),
    contributions: (batch, row) => model.contributions(batch, row),
    toEpoch: () => model.toEpoch(),
  };
}

interface Served {
  readonly page: Page;
  readonly record: DecisionRecord;
  readonly view: ListenerView;
  readonly troubles: readonly string[];
}

let draws = 0;
async function serve(changes: Partial<HomeInput> = {}): Promise<Served> {
  const written: { record: DecisionRecord; view: ListenerView }[] = [];
  const troubles: string[] = [];
  const home = createHome({
    clock: manualClock(NOW),
    encoder,
    vocabularies: names,
    texts,
    record: (record, view) => written.push({ record, view }),
    onTrouble: (what) => troubles.push(what),
  });
  const bytes = new Uint8Array(16).fill(++draws);
  const state = listener();
  const { page } = await home.decide({
    decisionId: decisionIdOf(NOW, bytes),
    seed: seedFromBytes(bytes),
    listenerKey: 'key',
    profile: resolveProfile({ market: 'SE', tier: 'premium' }),
    readState: () => state,
    emptyState,
    tasteMemory: { tasteVersion: 0, kept: undefined },
    atMs: NOW,
    device: 'desktop',
    market: 'SE',
    tier: 'premium',
    sessionId: '',
    policyId: 'plackett-luce',
    filter: '',
    marks: [],
    isRecorded: true,
    rowLimit: undefined,
    tunables,
    epochs,
    carried: [],
    keptRanks: new Map(),
    explain: true,
    kernelsHash: '',
    ...changes,
  });
  return {
    page: JSON.parse(Buffer.from(page).toString()) as Page,
    record: written[0].record,
    view: written[0].view,
    troubles,
  };
}

const cards = (page: Page): string[] => page.shelves.flatMap((shelf) => shelf.cards.map((card) => card.id));
const shelf = (page: Page, kind: string) => page.shelves.find((one) => one.kind === kind);

describe('Home', () => {
  it('shows what the listener is known to like and what might please, each card once', async () => {
    const { page } = await serve();
    expect(page.degraded).toBe(false);
    const kinds = page.shelves.map((one) => one.kind);
    for (const kind of [
      'recently-played',
      'heavy-rotation',
      'jump-back-in',
      'your-shows',
      'more-like',
      'recommended',
    ]) {
      expect(kinds).toContain(kind);
    }
    expect(new Set(cards(page)).size).toBe(cards(page).length);
    expect(page.shelves.map((one) => one.rank)).toEqual(page.shelves.map((_, rank) => rank));
  });

  it('leads Heavy rotation by what is played most and Recently played by what was played last, on every surface', async () => {
    const state = listener();
    play(state, 'artist:100', 1, 0.01);
    for (const device of ['phone', 'desktop', 'tv', 'car'] as const) {
      for (let i = 0; i < 10; i++) {
        const { page } = await serve({ device, readState: () => state });
        const head = (kind: string, length: number) =>
          shelf(page, kind)
            ?.cards.slice(0, length)
            .map((card) => card.id);
        expect(head('heavy-rotation', 3)).toEqual(['artist:0', 'artist:3', 'artist:6']);
        expect(head('recently-played', 1)).toEqual(['artist:100']);
      }
    }
  });

  it('lets what was played last stand at the head of Heavy rotation where it is also played most', async () => {
    const state = listener();
    play(state, 'artist:3', 1, 0.01);
    for (let i = 0; i < 10; i++) {
      const { page } = await serve({ readState: () => state, device: i % 2 === 0 ? 'car' : 'desktop' });
      expect(
        shelf(page, 'heavy-rotation')
          ?.cards.slice(0, 3)
          .map((card) => card.id),
      ).toContain('artist:3');
      expect(shelf(page, 'recently-played')?.cards.map((card) => card.id)).not.toContain('artist:3');
    }
  });

  it('keeps to what was once loved in Jump back in, and to new episodes of the followed in Your shows, newest first', async () => {
    const { page } = await serve();
    expect(
      shelf(page, 'jump-back-in')
        ?.cards.map((card) => card.id)
        .sort(),
    ).toEqual(['artist:30', 'artist:33', 'artist:36']);
    expect(shelf(page, 'your-shows')?.cards.map((card) => card.id)).toEqual(['episode:1', 'episode:5']);
  });

  it('recommends only what was never played', async () => {
    const { page } = await serve();
    const playedIds = new Set([
      ...Array.from({ length: 10 }, (_, a) => `artist:${3 * a}`),
      'artist:30',
      'artist:33',
      'artist:36',
      'artist:39',
      'artist:42',
      'artist:45',
    ]);
    for (const kind of ['recommended', 'more-like', 'something-different']) {
      for (const card of shelf(page, kind)?.cards ?? []) expect(playedIds.has(card.id)).toBe(false);
    }
  });

  it('never shows what the listener may not have: market, tier, window, explicit, hidden', async () => {
    const state = listener();
    foldEvent(state, event({ type: 'hide', itemId: 'artist:1' }), number('artist:1'), -1);
    for (let i = 0; i < 10; i++) {
      const { page } = await serve({
        readState: () => state,
        profile: resolveProfile({ market: 'DE', tier: 'free', ageBand: 'kid' }),
        market: 'DE',
        tier: 'free',
      });
      for (const id of ['artist:1', 'artist:7', 'artist:8', 'artist:9', 'artist:10'])
        expect(cards(page)).not.toContain(id);
    }
    const reasons = (await serve({ readState: () => state })).record.removals.map((removal) => removal.reason);
    expect(reasons).toContain('hidden');
    expect(reasons).toContain('unavailable');
  });

  it('gives a propensity in (0, 1] to every shelf and card, 1 where nothing was drawn', async () => {
    const { page } = await serve();
    for (const one of page.shelves) {
      expect(one.explain?.propensity).toBeGreaterThan(0);
      for (const card of one.cards) {
        expect(card.explain?.propensity).toBeGreaterThan(0);
        expect(card.explain?.propensity).toBeLessThanOrEqual(1);
        if (one.order === 'defined') expect(card.explain).toMatchObject({ forced: true, propensity: 1 });
      }
    }
  });

  it('records what makes the page recompute bit for bit, audited or not', async () => {
    const decider = createDecider(encoder);
    const { catalog: columns, counters, embedding, model } = epochs;
    let audited = 0;
    for (let i = 0; i < 120; i++) {
      const { record, view } = await serve();
      expect(
        recompute(record, view, { catalog: columns, counters, embedding, model, tunables }, decider),
      ).toMatchObject({
        firstDifference: null,
      });
      if (record.audit !== undefined) {
        audited++;
        expect(isAudited(record.decisionId)).toBe(true);
        const removed = record.removals.reduce((sum, removal) => sum + removal.count, 0);
        expect(record.audit.removed.length).toBe(removed);
      }
    }
    expect(audited).toBeGreaterThan(0);
  });

  it('draws by any policy, and recomputes what it drew bit for bit from the record', async () => {
    const decider = createDecider(encoder);
    const { catalog: columns, counters, embedding } = epochs;
    const model = evidentModel();
    for (const [policy, policyOptions] of POLICY_VARIANTS) {
      if (policy === 'plackett-luce' || policy === 'popularity') continue;
      const under = resolveTunables({ policy, policyOptions });
      for (let i = 0; i < 3; i++) {
        const { record, view, troubles } = await serve({
          policyId: policy,
          tunables: under,
          epochs: { ...epochs, model },
        });
        expect(troubles).toEqual([]);
        expect(record).toMatchObject({ policyId: policy, marks: [], degraded: false });
        const again = recompute(
          record,
          view,
          { catalog: columns, counters, embedding, model, tunables: under },
          decider,
        );
        expect(again.firstDifference).toBeNull();
        expect(again.steps).toBeGreaterThan(10);
      }
    }
  });

  it('explores less, the more the model has learnt from', async () => {
    const { model } = epochs;
    if (model === undefined) throw new Error('no model');
    /** Mean probability of what was drawn. */
    const certainty = async (learned: number, given = {}): Promise<number> => {
      const { page } = await serve({
        policyId: 'squarecb',
        tunables: resolveTunables({ policy: 'squarecb', policyOptions: given }),
        epochs: { ...epochs, model: { ...plainModel(model), learned } },
      });
      const drawn = page.shelves
        .flatMap(({ explain, cards: shown }) => [explain, ...shown.map((card) => card.explain)])
        .flatMap((one) => (one === undefined || one.forced ? [] : [one.propensity]));
      return drawn.reduce((sum, p) => sum + p, 0) / drawn.length;
    };
    const [few, many] = [await certainty(100), await certainty(1_000_000)];
    expect(many).toBeGreaterThan(1.5 * few);
    // A model that does not tell goes by the policy's option.
    expect(await certainty(0, { learned: 1_000_000 })).toBeGreaterThan(1.5 * few);
    expect(await certainty(0, { learned: 100 })).toBeLessThan(1.5 * few);
  });

  it('shows popularity, marked and degraded, where the model lacks what the policy needs; its record says so and replays', async () => {
    const under = resolveTunables({ policy: 'bootstrap-thompson' });
    const { record, view, troubles } = await serve({ policyId: 'bootstrap-thompson', tunables: under });
    expect(record).toMatchObject({ policyId: 'popularity', marks: ['policy-unmet'], degraded: true });
    expect(troubles).toEqual(['policy']);
    const { catalog: columns, counters, embedding, model } = epochs;
    const decider = createDecider(encoder);
    expect(
      recompute(record, view, { catalog: columns, counters, embedding, model, tunables: under }, decider)
        .firstDifference,
    ).toBeNull();
  });

  it('recomputes bit for bit under a composition too', async () => {
    const decider = createDecider(encoder);
    const { catalog: columns, counters, embedding, model } = epochs;
    const composition = {
      diversity: 0.6,
      calibration: 0.2,
      explorationShare: 0.05,
      newcomerShare: 0.3,
      rewardCap: 0.4,
    };
    const composedTunables = resolveTunables({ composition, newcomerPlays: 1e9 });
    const differenceUnder = (record: DecisionRecord, view: ListenerView, under: typeof tunables) =>
      recompute(record, view, { catalog: columns, counters, embedding, model, tunables: under }, decider)
        .firstDifference;
    for (let i = 0; i < 20; i++) {
      const { record, view } = await serve({ tunables: composedTunables });
      expect(differenceUnder(record, view, composedTunables)).toBeNull();
      expect(differenceUnder(record, view, tunables)).not.toBeNull();
    }
  });

  it('names the first difference when a candidate, a propensity or the seed was altered', async () => {
    const decider = createDecider(encoder);
    const { catalog: columns, counters, embedding, model } = epochs;
    const replay = (record: DecisionRecord, view: ListenerView) =>
      recompute(record, view, { catalog: columns, counters, embedding, model, tunables }, decider).firstDifference;
    const { record, view } = await serve();
    const drawn = record.rows.findIndex((row) => !row.forced);
    const rows = record.rows.map((row, r) =>
      r === drawn ? { ...row, propensity: row.propensity * (1 + 2 ** -52) } : row,
    );
    expect(replay({ ...record, rows }, view)).toMatch(/propensity/);
    const seed = record.seed.slice();
    seed[5] ^= 1;
    expect(replay({ ...record, seed }, view)).not.toBeNull();
    const shelves = record.shelves.map((one) =>
      one.shelfId === 'recommended' ? { ...one, items: one.items.slice(1) } : one,
    );
    expect(replay({ ...record, shelves }, view)).not.toBeNull();
  });

  it('answers a cold start with five rows or more of what is popular, each card once', async () => {
    for (const market of ['SE', 'DE', '']) {
      const { page } = await serve({ readState: emptyState, profile: resolveProfile({ market }), market });
      expect(page.degraded).toBe(false);
      expect(page.shelves.length).toBeGreaterThanOrEqual(5);
      expect(new Set(cards(page)).size).toBe(cards(page).length);
      expect(page.shelves.map((one) => one.kind)).toEqual(expect.arrayContaining(['popular', 'beyond-the-charts']));
      const genres = page.shelves.filter((one) => one.kind === 'popular-genre');
      expect(genres.map((one) => one.title).sort()).toEqual(['Popular in calm', 'Popular in loud', 'Popular in odd']);
      for (const { title, cards } of genres)
        for (const { id } of cards) expect(title).toBe(`Popular in ${texts.genre(number(id))}`);
    }
  });

  it('offers the shelves that need no taste until five things were played, liked or picked', async () => {
    const state = emptyState();
    const kinds = async (onboardingPicks: string[] = []) => {
      const profile = resolveProfile({ market: 'SE', tier: 'premium', onboardingPicks });
      const { record } = await serve({ readState: () => state, profile });
      return record.shelves.map((one) => one.shelfId);
    };
    for (let a = 0; a < 4; a++) {
      play(state, `artist:${3 * a}`, 1, 1);
      expect(await kinds()).toEqual(expect.arrayContaining(['recently-played', 'popular-genre', 'beyond-the-charts']));
    }
    for (const kind of await kinds(['artist:50'])) expect(kind).not.toMatch(/popular-genre|popular-podcasts|beyond/);
    foldEvent(state, event({ type: 'like', itemId: 'artist:60' }), number('artist:60'), -1);
    for (const kind of await kinds()) expect(kind).not.toMatch(/popular-genre|popular-podcasts|beyond/);
  });

  it('does not propose a genre again whose row was seen, also when another item stands for it since', async () => {
    const cold = { readState: emptyState } as const;
    const seen = (await serve(cold)).page.shelves.find((one) => one.title === 'Popular in loud');
    if (seen === undefined) throw new Error('no row to carry');
    const carried = [
      {
        shelfId: 'popular-genre',
        // Another artist of the genre.
        seedItem: number('artist:178'),
        rank: seen.rank,
        items: seen.cards.map((card) => number(card.id)),
        decisionId: 'before',
      },
    ];
    const { page } = await serve({ ...cold, carried });
    expect(page.shelves.filter((one) => one.title === 'Popular in loud')).toHaveLength(1);
    expect(page.shelves.filter((one) => one.kind === 'popular-genre')).toHaveLength(3);
  });

  it('takes onboarding picks for a taste before the first play', async () => {
    const { page } = await serve({
      readState: emptyState,
      profile: resolveProfile({ market: 'SE', tier: 'premium', onboardingPicks: ['artist:0', 'artist:3'] }),
    });
    expect(page.shelves.map((one) => one.kind)).toEqual(expect.arrayContaining(['more-like', 'recommended']));
  });

  it('goes on without a listener state that cannot be read, and says so', async () => {
    const { page, troubles } = await serve({
      readState: () => {
        throw new Error('the store is away');
      },
    });
    expect(page.degraded).toBe(true);
    expect(page.shelves.length).toBeGreaterThan(0);
    expect(page.explain?.failedSources).toContain('state');
    expect(troubles).toContain('state');
  });

  it('is still a page of what is popular when all but the catalogue fails', async () => {
    const broken = {
      ...epochs,
      model: {
        ...epochs.model,
        predict: () => {
          throw new Error('the model is broken');
        },
      },
    } as unknown as ServingEpochs;
    const { page, record } = await serve({ epochs: broken });
    expect(page.degraded).toBe(true);
    expect(page.shelves.map((one) => one.kind)).toEqual(['popular']);
    expect(page.shelves[0].cards.length).toBeGreaterThan(3);
    expect(record.rows[0].cards.every((card) => card.forced)).toBe(true);
    // What is explicit is left out for who wants none of it, and for nobody else.
    const popularFor = async (explicitAllowed: boolean) => {
      const profile = resolveProfile({ market: 'SE', tier: 'premium', explicitAllowed });
      const { page: popular } = await serve({ epochs: broken, profile });
      return popular.explain?.removals.map(({ reason }) => reason);
    };
    expect(await popularFor(true)).not.toContain('explicit');
    expect(await popularFor(false)).toContain('explicit');
    // Not against the word of an operator.
    const off = resolveTunables({ switchedOff: ['shelf:popular'] });
    const bare = await serve({ epochs: { ...broken, tunables: off }, tunables: off });
    expect(bare.page.shelves).toEqual([]);
  });

  it('keeps carried rows at their place with their cards, and does not propose them again', async () => {
    const first = (await serve()).page;
    const row = first.shelves.find((one) => one.kind === 'recommended');
    if (row === undefined) throw new Error('no row to carry');
    const { page } = await serve({
      carried: [
        {
          shelfId: 'recommended',
          seedItem: 0xffffffff,
          rank: row.rank,
          items: row.cards.map((card) => number(card.id)),
          decisionId: first.decisionId,
        },
      ],
    });
    expect(page.shelves[row.rank]).toMatchObject({
      kind: 'recommended',
      carried: true,
      explain: { propensity: 1, forced: true },
    });
    expect(page.shelves[row.rank].cards.map((card) => card.id)).toEqual(row.cards.map((card) => card.id));
    expect(page.shelves.filter((one) => one.kind === 'recommended')).toHaveLength(1);
  });

  it('gives up the lowest of the seen rows where they fill the page and something was played for the first time', async () => {
    const first = (await serve({ readState: emptyState, device: 'car' })).page;
    expect(first.shelves).toHaveLength(4);
    const carried = first.shelves.map((row) => ({
      shelfId: row.kind,
      seedItem: row.id === row.kind ? 0xffffffff : number(row.id.slice(row.kind.length + 1)),
      rank: row.rank,
      items: row.cards.map((card) => number(card.id)),
      decisionId: first.decisionId,
    }));
    const state = emptyState();
    const rows = async (): Promise<readonly string[]> => {
      const { page, record } = await serve({ readState: () => state, device: 'car', carried });
      const gone = record.removals.filter((removal) => removal.reason === 'no-room');
      expect(gone.map((removal) => removal.count)).toEqual(
        page.shelves.every((row) => row.carried) ? [] : [first.shelves[3].cards.length],
      );
      return page.shelves.map((row) => row.id);
    };
    const seen = first.shelves.map((row) => row.id);
    expect(await rows()).toEqual(seen);
    // What stands in a seen row stays there: nothing else is to be shown.
    play(state, first.shelves[1].cards[0].id, 1, 0.1);
    expect(await rows()).toEqual(seen);
    const unseen = items.find(({ id, kind }) => kind === 'artist' && !cards(first).includes(id)) as Item;
    play(state, unseen.id, 1, 0.01);
    expect(await rows()).toEqual([...seen.slice(0, 3), 'recently-played']);
  });

  it('serves the hold-out by popularity, in that order', async () => {
    const { page } = await serve({ policyId: 'popularity' });
    expect(page.policy).toBe('popularity');
    const scores = shelf(page, 'popular')?.cards.map((card) => card.explain?.score ?? 0) ?? [];
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });
});
