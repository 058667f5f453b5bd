/** What may be changed about the steps of any policy, with its defaults: nothing. */
import { requireOneOf, requireRange, resolveOptions } from '../../base/index.ts';

/** Which cards above count. */
export const COMPOSITION_SCOPES = ['row', 'page'] as const;

export interface CompositionOptions {
  /** Weight λ of dissimilarity to the cards above, [0, 1]: maximal marginal relevance. 0: off. @default 0 */
  readonly diversity: number;
  /** Which cards above count: those of the row, or all of the page. @default 'row' */
  readonly diversityOver: 'row' | 'page';
  /** Weight λ of calibration to the listener's mix of genres, [0, 1]: Steck's. 0: off. @default 0 */
  readonly calibration: number;
  /** @default 'row' */
  readonly calibrationOver: 'row' | 'page';
  /** Share of uniform choice that is added to each step, for listeners of whom something is known, [0, 1]. @default 0 */
  readonly explorationShare: number;
  /** The same for those of whom little is known. @default 0 */
  readonly newListenerShare: number;
  /** Least probability of each of n actions is floor / n, by projection, [0, 1]. 0: off. @default 0 */
  readonly floor: number;
  /** Where a row could show an artist whom few have played yet, each of its steps does so with at least this chance, [0, 1]. @default 0 */
  readonly newcomerShare: number;
  /**
   * Most expected reward that exploring may give up, a page: each step's exploration falls until its part fits. In rewards
   * a page view; 0: nothing is explored. @default 1e9, which is no cap
   */
  readonly rewardCap: number;
}

export const NO_COMPOSITION: CompositionOptions = Object.freeze({
  diversity: 0,
  diversityOver: 'row',
  calibration: 0,
  calibrationOver: 'row',
  explorationShare: 0,
  newListenerShare: 0,
  floor: 0,
  newcomerShare: 0,
  rewardCap: 1e9,
});

const SHARES = ['diversity', 'calibration', 'explorationShare', 'newListenerShare', 'floor', 'newcomerShare'] as const;

/** Throws `OPTION_INVALID`. */
export function resolveComposition(given: Partial<CompositionOptions>): Readonly<CompositionOptions> {
  const options = resolveOptions('composition', given, NO_COMPOSITION);
  for (const name of SHARES) requireRange('composition', name, options[name], 0, 1);
  requireRange('composition', 'rewardCap', options.rewardCap, 0, NO_COMPOSITION.rewardCap);
  for (const name of ['diversityOver', 'calibrationOver'] as const)
    requireOneOf('composition', name, options[name], COMPOSITION_SCOPES);
  return options;
}
