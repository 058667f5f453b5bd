/** Pages whose examination is known, clicked by made-up listeners: what estimators are proven on, and the figures of docs/position-bias.md. */
import { createRng, type Rng } from '../../base/index.ts';
import { type ExaminationCurves, SURFACES, type Surface } from '../../domain/index.ts';
import { createBatch, type EncoderShape } from '../../features/index.ts';
import type { Examples, Interventions, ListClicks, Places } from '../../models/index.ts';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** θ beside the first place: five shelves of eight cards. The second shelf catches more eyes than the first. */
export const TRUE_EXAMINATION: ExaminationCurves = {
  shelf: Float64Array.of(1, 1.1, 0.75, 0.5, 0.35),
  card: Float64Array.of(1, 0.85, 0.7, 0.5, 0.42, 0.33, 0.25, 0.2),
};
const SHELVES = TRUE_EXAMINATION.shelf.length;
const CARDS = TRUE_EXAMINATION.card.length;
/** How often the first place is looked at. */
const FIRST = 0.85;

export interface SimulatedPages extends Interventions, ListClicks {
  /** Item and kind of listener: of these relevance is a function. */
  readonly subjects: Uint32Array;
  /** The item alone. */
  readonly items: Uint32Array;
}

interface PageOptions {
  readonly pages: number;
  readonly seed: number;
  readonly surface?: Surface;
  /**
   * `random`: all orders are equally likely. `popular`: what most people like tends to stand higher, for everybody alike.
   * `personal`: what this listener likes does. Drawn card by card by Plackett-Luce.
   */
  readonly placement: 'random' | 'popular' | 'personal';
}

const ITEMS = 120;
/** Inverse temperature of the policy, in logits of relevance. */
const SHARPNESS = 1.2;

export function simulatePages({ pages, seed, placement, surface = 'phone' }: PageOptions): SimulatedPages {
  const rng = createRng(seed);
  const liking = Float64Array.from({ length: ITEMS }, () => -1.8 + rng.normal());
  /** What the second kind of listener likes more, or less. */
  const leaning = Float64Array.from({ length: ITEMS }, () => 1.2 * rng.normal());
  const rows = pages * SHELVES * CARDS;
  const log = {
    rows,
    surfaces: new Uint8Array(rows).fill(SURFACES.indexOf(surface)),
    shelfRanks: new Uint8Array(rows),
    cardRanks: new Uint8Array(rows),
    lists: new Uint32Array(rows),
    subjects: new Uint32Array(rows),
    items: new Uint32Array(rows),
    clicks: new Float32Array(rows),
    weights: new Float32Array(rows).fill(1),
    propensities: new Float64Array(rows),
  };
  const mass = new Float64Array(ITEMS);
  /** P(not drawn so far), along this page. */
  const left = new Float64Array(ITEMS);
  for (let page = 0, r = 0; page < pages; page++) {
    const kind = rng.below(2);
    const logitOf = (item: number): number => liking[item] + kind * leaning[item];
    for (let item = 0; item < ITEMS; item++) {
      const score =
        placement === 'random' ? 0 : placement === 'popular' ? liking[item] + leaning[item] / 2 : logitOf(item);
      mass[item] = Math.exp(SHARPNESS * score);
    }
    left.fill(1);
    for (let slot = 0; slot < SHELVES * CARDS; slot++, r++) {
      const total = mass.reduce((a, b) => a + b);
      const item = drawOne(mass, total, rng);
      log.propensities[r] = (left[item] * mass[item]) / total;
      for (let other = 0; other < ITEMS; other++) left[other] *= 1 - mass[other] / total;
      mass[item] = 0;
      const shelf = Math.floor(slot / CARDS);
      const card = slot % CARDS;
      log.shelfRanks[r] = shelf;
      log.cardRanks[r] = card;
      log.lists[r] = page * SHELVES + shelf;
      log.items[r] = item;
      log.subjects[r] = 2 * item + kind;
      const looked = FIRST * TRUE_EXAMINATION.shelf[shelf] * TRUE_EXAMINATION.card[card];
      log.clicks[r] = Number(rng.uniform() < looked * sigmoid(logitOf(item)));
    }
  }
  return log;
}

function drawOne(mass: Float64Array, total: number, rng: Rng): number {
  let left = rng.uniform() * total;
  let item = mass.findIndex((m) => m > 0);
  for (let i = item; i < mass.length && left >= 0; i++) {
    if (mass[i] === 0) continue;
    item = i;
    left -= mass[i];
  }
  return item;
}

interface WalkedRows {
  readonly log: ListClicks;
  readonly attraction: Float64Array;
  /** P(looked at) by card rank, as it came to pass. */
  readonly looked: Float64Array;
}

/** Rows walked along card by card, attractive cards first; λ after a click as given. */
export function simulateWalks(lists: number, continuation: Float64Array, seed: number): WalkedRows {
  const rng = createRng(seed);
  const cards = continuation.length;
  const attraction = Float64Array.from({ length: 40 }, () => 0.03 + 0.4 * rng.uniform() ** 2);
  const rows = lists * cards;
  const subjects = new Uint32Array(rows);
  const clicks = new Float32Array(rows);
  const looked = new Float64Array(cards);
  const mass = new Float64Array(attraction.length);
  for (let list = 0; list < lists; list++) {
    for (let d = 0; d < mass.length; d++) mass[d] = attraction[d] ** 0.7;
    let looking = true;
    for (let rank = 0; rank < cards; rank++) {
      const r = list * cards + rank;
      const item = drawOne(
        mass,
        mass.reduce((a, b) => a + b),
        rng,
      );
      mass[item] = 0;
      subjects[r] = item;
      if (!looking) continue;
      looked[rank] += 1 / lists;
      clicks[r] = Number(rng.uniform() < attraction[item]);
      if (clicks[r] === 1) looking = rng.uniform() < continuation[rank];
    }
  }
  const each = (of: (r: number) => number) => Uint8Array.from({ length: rows }, (_, r) => of(r));
  return {
    attraction,
    looked,
    log: {
      rows,
      subjects,
      clicks,
      weights: new Float32Array(rows).fill(1),
      surfaces: each(() => 0),
      shelfRanks: each(() => 0),
      cardRanks: each((r) => r % cards),
      lists: Uint32Array.from({ length: rows }, (_, r) => Math.floor(r / cards)),
    },
  };
}

interface FeaturePages {
  /** Labels are clicks at the places; relevance is a logistic truth of the features. */
  readonly examples: Examples;
  readonly places: Places;
  /** The row's page, as a group. */
  readonly pages: Uint32Array;
  /** P(click at the first place). */
  readonly relevance: Float64Array;
}

/** Weights of the standardised columns in the logit of relevance. */
const COLUMN_WEIGHTS = [1.1, -0.7, 0.5, 0.3];

/** A shape of four columns and one slot. */
export const CLICK_FEATURES: EncoderShape = {
  hash: 'simulated-pages',
  denseWidth: COLUMN_WEIGHTS.length,
  sparseWidth: 1,
  buckets: 64,
  denseNames: ['liked', 'worn', 'near', 'fresh'],
  sparseNames: ['genre'],
};

/**
 * Pages that a policy has drawn that believes too much in the second column, which listeners are in truth weary of: it stands
 * high on the page, and is chosen for that. `placed: false` puts rows anywhere and has all looked at: what a model is judged on.
 */
export function simulateFeaturePages(pages: number, seed: number, placed = true): FeaturePages {
  const rng = createRng(seed);
  const slots = SHELVES * CARDS;
  const rows = pages * slots;
  const batch = createBatch(CLICK_FEATURES, rows);
  const labels = new Float32Array(rows);
  const relevance = new Float64Array(rows);
  const places = { surfaces: new Uint8Array(rows), shelfRanks: new Uint8Array(rows), cardRanks: new Uint8Array(rows) };
  const width = COLUMN_WEIGHTS.length;
  for (let page = 0; page < pages; page++) {
    const belief = new Float64Array(slots);
    for (let i = 0; i < slots; i++) {
      const r = page * slots + i;
      let logit = -1.7;
      COLUMN_WEIGHTS.forEach((weight, j) => {
        const x = rng.normal();
        batch.dense[r * width + j] = x;
        logit += weight * x;
      });
      batch.sparse[r] = 1 + rng.below(20);
      logit += 0.5 * Math.sin(batch.sparse[r]);
      relevance[r] = FIRST * sigmoid(logit);
      belief[i] = placed ? 1.5 * batch.dense[r * width + 1] + rng.normal() : rng.uniform();
    }
    const order = Array.from(belief, (_, i) => i).sort((a, b) => belief[b] - belief[a]);
    order.forEach((i, slot) => {
      const r = page * slots + i;
      places.shelfRanks[r] = Math.floor(slot / CARDS);
      places.cardRanks[r] = slot % CARDS;
      const theta = placed
        ? TRUE_EXAMINATION.shelf[places.shelfRanks[r]] * TRUE_EXAMINATION.card[places.cardRanks[r]]
        : 1;
      labels[r] = Number(rng.uniform() < Math.min(1, theta * relevance[r]));
    });
  }
  return {
    examples: { batch, labels, weights: new Float32Array(rows).fill(1), rows },
    places,
    pages: Uint32Array.from({ length: rows }, (_, r) => Math.floor(r / slots)),
    relevance,
  };
}

/** The largest distance from the truth, over shelf ranks and over card ranks. */
export function examinationErrors({ shelf, card }: ExaminationCurves): {
  readonly shelf: number;
  readonly card: number;
} {
  const farthest = (curve: Float64Array, truth: Float64Array): number =>
    truth.reduce((most, theta, k) => Math.max(most, Math.abs(theta - curve[k])), 0);
  return { shelf: farthest(shelf, TRUE_EXAMINATION.shelf), card: farthest(card, TRUE_EXAMINATION.card) };
}
