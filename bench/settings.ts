/** What every bench is run with. */
export interface BenchSettings {
  readonly items: number;
  readonly listeners: number;
  /** Length of each measured part. */
  readonly seconds: number;
  /** Most candidates of one shelf, to compare versions at the same count of candidates; the product's own limit where undefined. */
  readonly candidatesPerShelf: number | undefined;
  /** Shelves that are switched off, to compare versions that have other shelves. */
  readonly withoutShelves: readonly string[];
}
