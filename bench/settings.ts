/** What every bench is run with. */
export interface BenchSettings {
  readonly items: number;
  readonly listeners: number;
  /** Length of each measured part. */
  readonly seconds: number;
}
