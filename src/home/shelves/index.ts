/**
 * The shelves of Home, one declaration each. A declaration says what the shelf is, where its candidates come from and
 * what it promises; which shelves appear, where, and with which cards is the policy's business.
 */
import type { ShelfDeclaration } from './declaration.ts';
import { fromOurEditors } from './editors.ts';
import { becauseYouFollow, newReleases } from './following.ts';
import { heavy, jumpBack, recentlyPlayed } from './history.ts';
import { madeForYou } from './made-for-you.ts';
import { beyondCharts, popular, popularGenre, popularPodcasts } from './popularity.ts';
import { showsYouMightLike, yourShows } from './shows.ts';
import { different, moreLike, popularWithLikeYou, recommended } from './taste.ts';

export type { CandidateSink, ShelfDeclaration, Telling } from './declaration.ts';
export { mayRun } from './editors.ts';
export { proposePopular } from './popularity.ts';

/**
 * All shelves; their order here is the canonical order of equal things. Of two in a defined order that want the same card
 * at their head the first has it: Heavy rotation is led by what is played most, also when that was played last.
 */
export const SHELVES: readonly ShelfDeclaration[] = [
  heavy,
  recentlyPlayed,
  jumpBack,
  yourShows,
  fromOurEditors,
  madeForYou,
  moreLike,
  becauseYouFollow,
  recommended,
  newReleases,
  showsYouMightLike,
  popularWithLikeYou,
  different,
  popular,
  popularGenre,
  popularPodcasts,
  beyondCharts,
];

const byId: ReadonlyMap<string, ShelfDeclaration> = new Map(SHELVES.map((shelf) => [shelf.id, shelf]));

export function shelfById(id: string): ShelfDeclaration | undefined {
  return byId.get(id);
}
