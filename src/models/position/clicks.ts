/** What estimators of examination read: cards as they were shown, where, and whether they were chosen. */
import { ShelfwiseError } from '../../base/index.ts';
import { SURFACES } from '../../domain/index.ts';

/** Where rows stood on their pages. */
export interface Places {
  /** Number of the surface in SURFACES. */
  readonly surfaces: Uint8Array;
  /** From 0. */
  readonly shelfRanks: Uint8Array;
  /** From 0. */
  readonly cardRanks: Uint8Array;
}

/** One row a card on a page that was rendered, looked at or not. */
export interface Clicks extends Places {
  readonly rows: number;
  /** 1 chosen, 0 not; between the two a share of both. */
  readonly clicks: Float32Array;
  /** At least 0: a row of weight 2 counts as that row twice. */
  readonly weights: Float32Array;
}

/** Rows of one subject are equally relevant, wherever they stand: an item for listeners that are much alike. */
export interface SubjectClicks extends Clicks {
  readonly subjects: Uint32Array;
}

/** Cards of one row of a page stand in a run of equal `lists`, by rising card rank. */
export interface ListClicks extends SubjectClicks {
  readonly lists: Uint32Array;
}

/** Throws `EXAMPLES_INVALID` for the first row that cannot be learnt from. */
export function checkClicks(log: Clicks, ...columns: readonly ArrayLike<number>[]): void {
  const { rows, clicks, weights, surfaces, shelfRanks, cardRanks } = log;
  const shortest = Math.min(...[clicks, weights, surfaces, shelfRanks, cardRanks, ...columns].map((c) => c.length));
  if (shortest < rows) {
    throw new ShelfwiseError('EXAMPLES_INVALID', `${rows} rows of clicks, of which a column has ${shortest}`);
  }
  for (let r = 0; r < rows; r++) {
    if (!(clicks[r] >= 0 && clicks[r] <= 1)) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has ${clicks[r]} clicks`);
    }
    if (!(weights[r] >= 0 && weights[r] <= 1e9)) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has weight ${weights[r]}`);
    }
    if (surfaces[r] >= SURFACES.length) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has surface ${surfaces[r]} of ${SURFACES.length}`);
    }
  }
}
