/** A law: something that every adapter of a port must keep, as a check that any test runner can run. */
export interface Law {
  /** The behaviour, in words. */
  readonly name: string;
  /** Throws (or rejects) when the law is broken. */
  run(): Promise<void>;
}
