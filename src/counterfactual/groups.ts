/** Sums by group of listeners: what is resampled for an interval. */

/**
 * `sums[group * columns + column]`: the sum of a column over all decisions of the group's listeners. Groups are independent of
 * each other, whichever listeners share one.
 */
export interface GroupSums {
  readonly groups: number;
  readonly columns: number;
  readonly sums: Float64Array;
}
