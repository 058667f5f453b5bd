/**
 * What is known before any log is drawn, context by context: what each policy's pages earn in truth, how much of what is seen differs
 * from the logging policy's, what the log has no chance of showing, and how the reward model's scores translate into rewards.
 */
import { createRng } from '../../base/index.ts';
import { SupportGauge } from '../../counterfactual/index.ts';
import { createWalker, type DrawnPage, samplePage } from '../../policy/index.ts';
import type { Judge } from './judge.ts';
import { LOGGING, type PoolReader } from './pool.ts';

export const RANKS = 32;

/** Of a range of contexts; sums of several ranges add up. */
export interface TruthPart {
  readonly from: number;
  readonly to: number;
  readonly policies: readonly {
    /** Context of the range → mean over draws of E[reward | page]. */
    readonly values: Float64Array;
    /** Σ over contexts of the variance of that mean: its Monte Carlo error. */
    readonly variance: number;
    /** Σ P(looked at) over cards of its pages; of those where the logging policy, drawn with the same noise, has another card in the place; of those that are nowhere on its page. */
    readonly seen: number;
    readonly differing: number;
    readonly elsewhere: number;
    /** Context of the range → mean mass, a drawn step, on what the log had no chance of. */
    readonly missing: Float64Array;
  }[];
  /** [shelf rank * RANKS + card rank]: rewards of one logged page a context, and what the scores of its cards sum to. */
  readonly earned: Float64Array;
  readonly scored: Float64Array;
}

/**
 * @param draws pages a context and policy, by the same noise for every policy
 * @param seed of the pages and of the rewards that scores are calibrated on: no log has it
 */
export function truthOf(
  reader: PoolReader,
  judge: Judge,
  {
    from,
    to,
    draws,
    seed,
  }: { readonly from: number; readonly to: number; readonly draws: number; readonly seed: number },
): TruthPart {
  const walker = createWalker();
  const gauge = new SupportGauge();
  const policies = reader.columns.tunables.map(() => ({
    values: new Float64Array(to - from),
    variance: 0,
    seen: 0,
    differing: 0,
    elsewhere: 0,
    missing: new Float64Array(to - from),
  }));
  const earned = new Float64Array(RANKS * RANKS);
  const scored = new Float64Array(RANKS * RANKS);
  const rewards = new Uint8Array(RANKS * RANKS);
  const rng = createRng(seed).fork(2);
  const pages: DrawnPage[] = [];
  for (let context = from; context < to; context++) {
    const sums = policies.map(() => ({ first: 0, second: 0 }));
    for (let k = 0; k < draws; k++) {
      const noise = Uint32Array.of(seed, 0x7472_7574, context, k);
      for (let p = 0; p < policies.length; p++) {
        const page = samplePage(reader.problemOf(context, p), reader.policyOf(context, p), noise, walker);
        pages[p] = page;
        const value = judge.expected(reader, context, page);
        sums[p].first += value;
        sums[p].second += value * value;
        compare(reader, judge, context, page, pages[LOGGING], policies[p]);
      }
      if (k > 0) continue;
      calibrate(reader, context, pages[LOGGING], rewards, earned, scored, () =>
        judge.draw(reader, context, pages[LOGGING], rng.fork(context), rewards),
      );
      gauge.note(reader.problemOf(context, LOGGING), pages[LOGGING].rows, reader.policyOf(context, LOGGING));
      for (let p = 0; p < policies.length; p++) {
        const missing = gauge.missing(reader.problemOf(context, p), reader.policyOf(context, p));
        if (missing === undefined || missing.steps === 0) continue;
        policies[p].missing[context - from] = missing.mass / missing.steps;
      }
    }
    for (let p = 0; p < policies.length; p++) {
      const mean = sums[p].first / draws;
      policies[p].values[context - from] = mean;
      policies[p].variance += Math.max(0, sums[p].second / draws - mean * mean) / (draws - 1);
    }
  }
  return { from, to, policies, earned, scored };
}

/** Adds up what is seen of a page, and what of it is not what the logging policy shows. */
function compare(
  reader: PoolReader,
  judge: Judge,
  context: number,
  { rows }: DrawnPage,
  logged: DrawnPage,
  into: { seen: number; differing: number; elsewhere: number },
): void {
  const { items, deviceOf } = reader.columns;
  const device = deviceOf[context];
  const itemAt = (page: DrawnPage, r: number, j: number): number => {
    const row = page.rows[r];
    const card = row?.cards[j];
    return card === undefined ? -1 : items[reader.firstCard(context, row.shelf) + card.index];
  };
  const onLogged = new Set<number>();
  for (let r = 0; r < logged.rows.length; r++)
    for (let j = 0; j < logged.rows[r].cards.length; j++) onLogged.add(itemAt(logged, r, j));
  for (let r = 0; r < rows.length; r++) {
    for (let j = 0; j < rows[r].cards.length; j++) {
      const looks = judge.looks(device, r, j);
      const item = itemAt({ rows }, r, j);
      into.seen += looks;
      if (item !== itemAt(logged, r, j)) into.differing += looks;
      if (!onLogged.has(item)) into.elsewhere += looks;
    }
  }
}

function calibrate(
  reader: PoolReader,
  context: number,
  { rows }: DrawnPage,
  rewards: Uint8Array,
  earned: Float64Array,
  scored: Float64Array,
  draw: () => void,
): void {
  draw();
  let at = 0;
  for (let r = 0; r < rows.length; r++) {
    const first = reader.firstCard(context, rows[r].shelf);
    const { cards } = rows[r];
    for (let j = 0; j < cards.length; j++, at++) {
      earned[r * RANKS + j] += rewards[at];
      scored[r * RANKS + j] += reader.columns.scores[first + cards[j].index];
    }
  }
}

/** How many rewards of an average place a factor is drawn towards 1 by, as in `ope compare`. */
const PRIOR_REWARDS = 5;

/** κ(r, j): rewards a unit of score at a place: an overall factor, times one by shelf rank, times one by card rank. */
export function placeFactors(earned: Float64Array, scored: Float64Array): Float64Array {
  const total = (column: Float64Array): number => column.reduce((sum, one) => sum + one, 0);
  const scoredAll = total(scored);
  const overall = scoredAll > 0 ? total(earned) / scoredAll : 1;
  const byShelf = new Float64Array(RANKS);
  const byCard = new Float64Array(RANKS);
  for (let r = 0; r < RANKS; r++) {
    let [gained, expected] = [PRIOR_REWARDS, PRIOR_REWARDS];
    for (let j = 0; j < RANKS; j++) {
      gained += earned[r * RANKS + j];
      expected += overall * scored[r * RANKS + j];
    }
    byShelf[r] = gained / expected;
  }
  for (let j = 0; j < RANKS; j++) {
    let [gained, expected] = [PRIOR_REWARDS, PRIOR_REWARDS];
    for (let r = 0; r < RANKS; r++) {
      gained += earned[r * RANKS + j];
      expected += overall * byShelf[r] * scored[r * RANKS + j];
    }
    byCard[j] = gained / expected;
  }
  return Float64Array.from(
    { length: RANKS * RANKS },
    (_, at) => overall * byShelf[Math.floor(at / RANKS)] * byCard[at % RANKS],
  );
}
