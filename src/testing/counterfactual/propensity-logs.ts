/** Logs of a truth that is known, with propensities that are right or wrong on purpose. */
import { createRng, type Rng } from '../../base/index.ts';
import { PropensityCalibration, PropensityFrequencies } from '../../counterfactual/index.ts';

const SHELVES = 12;
const CARDS = 20;

export interface PropensityLogOptions {
  readonly seed: number;
  /** Each draws a shelf, and a card of it. */
  readonly draws: number;
  /** What is logged wrongly, of one shelf that the seed chooses: its own propensity, or those of its cards. */
  readonly fault: 'none' | 'shelf' | 'cards';
  /** What is logged is this times what was drawn with. */
  readonly factor: number;
}

export interface PropensityLogOutcome {
  /** What either test says: whether it passed, and whether it called the faulty group wrong. */
  readonly frequencies: { readonly passed: boolean; readonly found: boolean };
  readonly calibration: { readonly passed: boolean; readonly found: boolean };
}

/**
 * A log of draws by softmax policies over 12 shelves and 20 cards, a tenth of them uniform, and what the tests of propensities say of it: `frequencies` from what was drawn alone,
 * `calibration` from whole distributions. Shelves are groups that are drawn, the cards of each are groups known before.
 */
export function judgePropensityLog({ seed, draws, fault, factor }: PropensityLogOptions): PropensityLogOutcome {
  const rng = createRng(seed);
  const broken = rng.below(SHELVES);
  const shelfMerits = Float64Array.from({ length: SHELVES }, () => 0.3 * rng.normal());
  const cardMerits = Float64Array.from({ length: CARDS }, () => 0.5 * rng.normal());
  const [p, q] = [new Float64Array(SHELVES), new Float64Array(CARDS)];
  const names = Array.from({ length: 2 * SHELVES }, (_, g) => (g < SHELVES ? `shelf ${g}` : `cards of ${g - SHELVES}`));
  const frequencies = new PropensityFrequencies(names);
  const calibration = new PropensityCalibration(names);
  const shelves = Uint32Array.from({ length: SHELVES }, (_, s) => s);
  const cards = new Uint32Array(CARDS);
  for (let s = 0; s < SHELVES; s++) frequencies.addTrials(s, draws);
  for (let d = 0; d < draws; d++) {
    const shelf = drawn(shelfMerits, rng, p);
    const card = drawn(cardMerits, rng, q);
    if (fault === 'shelf') p[broken] *= factor;
    if (fault === 'cards' && shelf === broken) for (let a = 0; a < CARDS; a++) q[a] *= factor;
    frequencies.observe(shelf, 1 / p[shelf]);
    frequencies.addTrials(SHELVES + shelf);
    frequencies.observe(SHELVES + shelf, 1 / (CARDS * q[card]));
    calibration.add(p, shelves, shelf);
    calibration.add(q, cards.fill(SHELVES + shelf), card);
  }
  const faulty = fault === 'cards' ? SHELVES + broken : broken;
  const outcome = ({
    passed,
    groups,
  }: ReturnType<typeof frequencies.report> | ReturnType<typeof calibration.report>) => ({
    passed,
    found: groups[faulty].outcome === 'wrong',
  });
  return { frequencies: outcome(frequencies.report()), calibration: outcome(calibration.report()) };
}

/** Softmax about the merits, a tenth of it uniform; writes probabilities, returns the draw. */
function drawn(merits: Float64Array, rng: Rng, p: Float64Array): number {
  const n = merits.length;
  let total = 0;
  for (let a = 0; a < n; a++) total += p[a] = Math.exp(merits[a] + 0.7 * rng.normal());
  let u = rng.uniform();
  let chosen = -1;
  for (let a = 0; a < n; a++) {
    p[a] = 0.9 * (p[a] / total) + 0.1 / n;
    u -= p[a];
    if (u < 0 && chosen < 0) chosen = a;
  }
  return chosen < 0 ? n - 1 : chosen;
}
