/** The one sampler, and its counterpart: the probability of a page that already stands. Both walk `Walker.step`. */
import { noiseRace, noiseStream, type Seed, ShelfwiseError } from '../base/index.ts';
import type { RecordedCard, RecordedRow } from '../domain/index.ts';
import { createWalker, type Walker } from './page.ts';
import type { Policy } from './policy.ts';
import type { PagePrefix, PageProblem, Step } from './problem.ts';

export interface DrawnRow extends RecordedRow {
  /** V_s: the shelf's value before its cards were drawn. */
  readonly value: number;
}

export interface DrawnPage {
  readonly rows: readonly DrawnRow[];
}

/**
 * The position drawn at a step with at least one action, by the exponential race: argmin_i -ln(u_i) / p_i, whose winner
 * is i with probability p_i / Σp. The uniform of a card is noise(seed, shelf's key, 1 + card rank, item), that of a
 * shelf noise(seed, page rank, 0, shelf's key): fresh at every step (ADR 3), untouched by what else the page holds.
 */
export function drawPosition(step: Step, problem: PageProblem, seed: Seed): number {
  if (step.count === 1) return 0;
  const stream =
    step.kind === 'shelf'
      ? noiseStream(seed, step.pageRank, 0)
      : noiseStream(seed, problem.shelves[step.shelf].key, 1 + step.cardRank);
  return noiseRace(step.probabilities, step.labels, step.count, stream);
}

/**
 * Draws a page. Every row and card carries its conditional propensity p(action | prefix), in (0, 1]; the product over
 * the page is its probability. The same problem, policy and seed give the same page, bit for bit.
 *
 * `onStep` sees every step before its action is placed (for audits); its buffers belong to the walker: copy them.
 * Throws what `Walker.begin` throws.
 */
export function samplePage(
  problem: PageProblem,
  policy: Policy,
  seed: Seed,
  walker: Walker = createWalker(),
  onStep?: (step: Step) => void,
): DrawnPage {
  const rows: DrawnRow[] = [];
  let cards: RecordedCard[] = [];
  walker.begin(problem);
  for (let step = walker.step(policy); step.count > 0; step = walker.step(policy)) {
    onStep?.(step);
    const position = drawPosition(step, problem, seed);
    const action = step.actions[position];
    const propensity = step.probabilities[position];
    const forced = step.forced;
    if (step.kind === 'shelf') {
      cards = [];
      rows.push({ shelf: action, propensity, forced, cards, value: step.values[position] });
    } else cards.push({ index: action, propensity, forced });
    walker.place(position);
  }
  return { rows };
}

export interface PageProbability {
  /** ln p(page): -Infinity where the policy cannot have drawn it. */
  readonly log: number;
  /**
   * p(action | prefix) of every step in page order: a row, then its cards. 0 where the policy never takes the action;
   * the walk goes on, for masks depend on the prefix only. It ends at an action that is masked, with a 0.
   */
  readonly steps: Float64Array;
  /** Did the walk reach the end of the page, every action unmasked and nothing missing? */
  readonly complete: boolean;
}

/** The probability of a page under a policy: the sampled propensities exactly where it is the policy that drew it. */
export function logProbability(
  problem: PageProblem,
  policy: Policy,
  rows: PagePrefix,
  walker: Walker = createWalker(),
): PageProbability {
  let length = 0;
  for (const row of rows) length += 1 + row.cards.length;
  const steps = new Float64Array(length);
  let at = 0;
  let log = 0;
  /** Takes the action; false when it is masked, or a row where a card should be. */
  const take = (kind: Step['kind'], action: number): boolean => {
    const step = walker.step(policy);
    const position = step.kind === kind ? walker.positionOf(action) : -1;
    const p = position < 0 ? 0 : step.probabilities[position];
    steps[at++] = p;
    log += Math.log(p);
    if (position >= 0) walker.place(position);
    return position >= 0;
  };
  const masked = (): PageProbability => ({
    log: Number.NEGATIVE_INFINITY,
    steps: steps.subarray(0, at),
    complete: false,
  });
  walker.begin(problem);
  for (const row of rows) {
    if (!take('shelf', row.shelf)) return masked();
    for (const card of row.cards) if (!take('card', card.index)) return masked();
  }
  if (walker.step(policy).count > 0) return masked();
  return { log, steps, complete: true };
}

/**
 * What may be chosen after a prefix, and with which probability. For one step of a page; walking a whole page is cheaper
 * with a walker of one's own. Throws `OPTION_INVALID` for a problem without meaning, or a prefix that its masks forbid.
 */
export function step(problem: PageProblem, prefix: PagePrefix, policy: Policy, walker: Walker = createWalker()): Step {
  walker.begin(problem);
  prefix.forEach((row, rank) => {
    if (!walker.advance(row.shelf)) {
      throw new ShelfwiseError('OPTION_INVALID', `prefix: shelf ${row.shelf} is masked at page rank ${rank}`);
    }
    for (const { index } of row.cards) {
      if (!walker.advance(index)) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `prefix: card ${index} of shelf ${row.shelf} is masked at page rank ${rank}`,
        );
      }
    }
  });
  return walker.step(policy);
}
