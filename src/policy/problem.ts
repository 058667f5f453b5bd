/**
 * What a page is drawn from: the eligible shelves with their candidates and scores, and the rules of the page.
 * Nothing here knows of listeners or models; a problem is numbers. And what the walk over a page shows: its steps.
 */
import { ShelfwiseError } from '../base/index.ts';
import type { ShelfOrder } from '../domain/index.ts';
import type { ItemTraits } from './composition/traits.ts';

export interface PolicyShelf {
  /** `hash32` of the shelf's id, unique on the page: what its noise is named by. */
  readonly key: number;
  /**
   * `defined`: its cards stand in the order given, all forced, and none is taken by the page's cap. The first of them, as
   * many as it `holds`, are its own from the start of the page: no other shelf may take one, and the row is sure of a place.
   * `policy`: its cards are drawn one by one.
   */
  readonly order: ShelfOrder;
  /**
   * How many of its leading cards a row in a defined order holds: at least `max(1, minCards)`, all of them where there are
   * fewer. 0: nothing; it competes for place and cards as a drawn row does, and what it has left stands in its order.
   * Carried rows hold all of theirs, drawn ones nothing.
   * @default max(1, minCards)
   */
  readonly holds?: number | undefined;
  /**
   * Page rank (from 0) where it is forced when eligible. It stands higher where the page has nothing else left to put above
   * it, and is masked at every other rank. -1: its place is drawn.
   */
  readonly pinnedRank: number;
  /**
   * Seen before and kept: must be `defined` and pinned, its items exactly its cards. It holds all of them, before any other
   * row holds one, and the row's cap takes none either.
   */
  readonly carried: boolean;
  /** Eligible only where at least this many cards (and at least one) can be placed. A defined row holds as many. */
  readonly minCards: number;
  readonly maxCards: number;
  /** Item numbers, each once; the first `count` are read. */
  readonly items: Uint32Array;
  /** Primary creator's item number, or NO_ITEM: no cap applies. */
  readonly creators: Uint32Array;
  /** Predicted reward, or popularity counts, or any score; infinities are allowed, NaN is not. */
  readonly scores: Float64Array;
  readonly count: number;
  /** Standard deviation of each score, finite and >= 0. All shelves have them, or none. @default none */
  readonly deviations?: Float64Array | undefined;
  /** By how much each score would move per unit of weight, finite and >= 0. All shelves have them, or none. @default none */
  readonly sensitivities?: Float64Array | undefined;
  /** Draw m of candidate i: `draws[i * drawCount + m]`, not NaN. All shelves have them where the problem has draws. @default none */
  readonly draws?: Float64Array | undefined;
}

export interface PageProblem {
  readonly shelves: readonly PolicyShelf[];
  /** Rows of the page at most. */
  readonly shelfLimit: number;
  /** Cards of one creator in one row at most, carried rows excepted; Infinity: no cap. */
  readonly creatorCapPerRow: number;
  /** A drawn row takes no card of a creator with so many on the page, held ones included; Infinity: no cap. */
  readonly creatorCapPerPage: number;
  /** θ_j: the chance that card rank j is examined, given that the row is; as long as the longest `maxCards`. */
  readonly examinationByCard: Float64Array;
  /** Draws from the model's posterior that every score stands under. @default 0 */
  readonly drawCount?: number | undefined;
  /** Examples that the model behind the scores has learnt from; 0: not known. @default 0 */
  readonly learned?: number | undefined;
  /** Of the candidates' items, and the listener's taste: for compositions that read them. @default none */
  readonly traits?: ItemTraits | undefined;
}

/** One step of a page. It belongs to its walker and is valid until the walker moves on: copy what is kept. */
export interface Step {
  readonly kind: 'shelf' | 'card';
  readonly pageRank: number;
  /** The row that is being filled: index into the problem's shelves; -1 on a shelf step. */
  readonly shelf: number;
  /** -1 on a shelf step. */
  readonly cardRank: number;
  /** How many actions are unmasked; 0: the page is complete. */
  readonly count: number;
  /** Declared, not drawn: one action, probability 1. */
  readonly forced: boolean;
  /** Shelf step: indices into the problem's shelves. Card step: indices into the shelf's items. The first `count`. */
  readonly actions: Int32Array;
  /** p(action | prefix); sums to 1. */
  readonly probabilities: Float64Array;
  /** Shelf step: V_s. Card step: the score. */
  readonly values: Float64Array;
  /** What an action's noise is named by: the shelf's key, the item's number. */
  readonly labels: Uint32Array;
}

/** What is already placed: complete rows, the last of which may still lack cards. Cards are indices into the shelf's items. */
export type PagePrefix = readonly {
  readonly shelf: number;
  readonly cards: readonly { readonly index: number }[];
}[];

function invalid(particulars: string): never {
  throw new ShelfwiseError('OPTION_INVALID', particulars);
}

/** Does the problem say anything of the error of its scores? Its first shelf tells. */
export function carriesEvidence({ shelves, drawCount = 0 }: PageProblem): boolean {
  if (drawCount > 0) return true;
  return shelves.length > 0 && (shelves[0].deviations !== undefined || shelves[0].sensitivities !== undefined);
}

/** Evidence is for the whole page: a shelf's place is drawn among all others. */
function requireEvidenceOf({ shelves, drawCount = 0 }: PageProblem, s: number): void {
  const { deviations, sensitivities, draws, count } = shelves[s];
  const first = shelves[0];
  requireRow(s, 'deviations', deviations, count, first.deviations !== undefined);
  requireRow(s, 'sensitivities', sensitivities, count, first.sensitivities !== undefined);
  requireRow(s, 'draws', draws, count * drawCount, drawCount > 0);
}

function requireRow(s: number, name: string, row: Float64Array | undefined, length: number, isCarried: boolean): void {
  if ((row !== undefined) !== isCarried) {
    invalid(`shelf ${s} ${isCarried ? 'lacks' : 'alone has'} ${name}; give them to all shelves, or to none`);
  }
  if (row === undefined) return;
  if (row.length < length) invalid(`shelf ${s} has ${row.length} ${name} where ${length} are read`);
  for (let i = 0; i < length; i++) {
    const isSound = name === 'draws' ? !Number.isNaN(row[i]) : row[i] >= 0 && row[i] < Number.POSITIVE_INFINITY;
    if (!isSound) invalid(`shelf ${s}: ${name}[${i}] is ${row[i]}`);
  }
}

/**
 * Throws `OPTION_INVALID` for a problem that has no meaning. What concerns single candidates (NaN scores, doubled items,
 * numbers beyond the catalogue) is checked where they are read; evidence is checked here.
 */
export function requireProblem(problem: PageProblem): void {
  const { shelves, shelfLimit, examinationByCard } = problem;
  if (!Number.isInteger(shelfLimit) || shelfLimit < 0) invalid(`shelfLimit is ${shelfLimit}; give a whole number >= 0`);
  if (!(problem.creatorCapPerRow >= 1)) {
    invalid(`creatorCapPerRow is ${problem.creatorCapPerRow}; give at least 1, or Infinity`);
  }
  if (!(problem.creatorCapPerPage >= 1)) {
    invalid(`creatorCapPerPage is ${problem.creatorCapPerPage}; give at least 1, or Infinity`);
  }
  for (let j = 0; j < examinationByCard.length; j++) {
    const examined = examinationByCard[j];
    if (!(examined >= 0 && examined < Number.POSITIVE_INFINITY)) {
      invalid(`examinationByCard[${j}] is ${examined}; it must be finite and not negative`);
    }
  }
  const isEvident = carriesEvidence(problem);
  for (let s = 0; s < shelves.length; s++) {
    const shelf = shelves[s];
    if (!(shelf.minCards >= 0 && shelf.maxCards >= 1 && shelf.minCards <= shelf.maxCards)) {
      invalid(
        `shelf ${s}: minCards ${shelf.minCards} and maxCards ${shelf.maxCards}; 0 <= minCards <= maxCards, 1 <= maxCards`,
      );
    }
    if (shelf.maxCards > examinationByCard.length) {
      invalid(
        `shelf ${s} may have ${shelf.maxCards} cards but examinationByCard has ${examinationByCard.length} ranks`,
      );
    }
    if (shelf.count > Math.min(shelf.items.length, shelf.creators.length, shelf.scores.length)) {
      invalid(`shelf ${s}: count is ${shelf.count}, beyond its items, creators or scores`);
    }
    if (isEvident) requireEvidenceOf(problem, s);
    if (!Number.isInteger(shelf.pinnedRank) || shelf.pinnedRank < -1) {
      invalid(`shelf ${s}: pinnedRank is ${shelf.pinnedRank}; give a page rank, or -1`);
    }
    if (shelf.carried && (shelf.order !== 'defined' || shelf.pinnedRank < 0)) {
      invalid(`shelf ${s} is carried; give it order "defined" and the page rank it had`);
    }
    for (let t = 0; t < s; t++) {
      const other = shelves[t];
      if (other.key === shelf.key) invalid(`shelves ${t} and ${s} have the same key; leave one out`);
      if (shelf.pinnedRank >= 0 && other.pinnedRank === shelf.pinnedRank) {
        invalid(`shelves ${t} and ${s} are both pinned to page rank ${shelf.pinnedRank}; pin one elsewhere`);
      }
    }
  }
}
