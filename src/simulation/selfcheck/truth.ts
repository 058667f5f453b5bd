/**
 * What is known before any log is drawn, context by context: what each policy's pages earn in truth, how much of what is seen differs
 * from the logging policy's, what the log has no chance of showing, and how the reward model's scores translate into rewards.
 */
import { createRng } from '../../base/index.ts';
import { SupportGauge } from '../../counterfactual/index.ts';
import { createWalker, type DrawnPage, samplePage } from '../../policy/index.ts';
import type { Judge } from './judge.ts';
import { LOGGING, type PoolReader } from './pool.ts';
import { newPageSums, type PageSums, RANKS } from './reward-model.ts';

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
  /** Of one logged page a context. */
  readonly pages: PageSums;
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
  const sums = newPageSums();
  const rewards = new Uint8Array(RANKS * RANKS);
  const rng = createRng(seed).fork(2);
  const pages: DrawnPage[] = [];
  for (let context = from; context < to; context++) {
    const values = policies.map(() => ({ first: 0, second: 0 }));
    for (let k = 0; k < draws; k++) {
      const noise = Uint32Array.of(seed, 0x7472_7574, context, k);
      for (let p = 0; p < policies.length; p++) {
        const page = samplePage(reader.problemOf(context, p), reader.policyOf(context, p), noise, walker);
        pages[p] = page;
        const value = judge.expected(reader, context, page);
        values[p].first += value;
        values[p].second += value * value;
        compare(reader, judge, context, page, pages[LOGGING], policies[p]);
      }
      if (k > 0) continue;
      judge.draw(reader, context, pages[LOGGING], rng.fork(context), rewards);
      addPage(reader, context, pages[LOGGING], rewards, sums);
      gauge.note(reader.problemOf(context, LOGGING), pages[LOGGING].rows, reader.policyOf(context, LOGGING));
      for (let p = 0; p < policies.length; p++) {
        const missing = gauge.missing(reader.problemOf(context, p), reader.policyOf(context, p));
        if (missing === undefined || missing.steps === 0) continue;
        policies[p].missing[context - from] = missing.mass / missing.steps;
      }
    }
    for (let p = 0; p < policies.length; p++) {
      const mean = values[p].first / draws;
      policies[p].values[context - from] = mean;
      policies[p].variance += Math.max(0, values[p].second / draws - mean * mean) / (draws - 1);
    }
  }
  return { from, to, policies, pages: sums };
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

function addPage(reader: PoolReader, context: number, { rows }: DrawnPage, rewards: Uint8Array, sums: PageSums): void {
  const kinds = reader.kindsOf(context);
  let at = 0;
  for (let r = 0; r < rows.length; r++) {
    const { shelf, cards } = rows[r];
    const first = reader.firstCard(context, shelf);
    sums.kindRows[kinds[shelf] * RANKS + r]++;
    for (let j = 0; j < cards.length; j++, at++) {
      const place = r * RANKS + j;
      sums.earned[place] += rewards[at];
      sums.scored[place] += reader.columns.scores[first + cards[j].index];
      sums.shown[place]++;
      sums.kindEarned[kinds[shelf]] += rewards[at];
    }
  }
}
