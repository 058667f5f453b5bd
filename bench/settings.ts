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
  /** Of the families of models, those that are measured; all where there are none. */
  readonly families: readonly string[];
  /** An interpreter of Python that has what baselines are made of. */
  readonly python: string | undefined;
  /** Another checkout that is measured beside this one. */
  readonly other: string | undefined;
  /** Bursts of load that each of the two gets in one start. */
  readonly rounds: number;
  /** How often both are started. */
  readonly starts: number;
}
