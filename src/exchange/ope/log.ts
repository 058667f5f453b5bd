/** What every reader of logs for evaluation gives. */
import type { Evidence, Study } from '../../counterfactual/index.ts';

export interface OpeLog {
  /** One sentence for people: what is read. */
  readonly describe: string;
  /** Sentences that people should see: what was left out, and why. Complete once the studies' sources were read. */
  readonly notes: readonly string[];
  /** At least one; each source may be read any number of times. */
  readonly studies: readonly Study[];
  /** What the log knows of itself beyond its rows, for a verdict. Complete once the first study's source was read. @default nothing */
  readonly evidence?: (() => Partial<Evidence>) | undefined;
}

/** Rows of a chunk: some hundred KB of columns. */
export const CHUNK_ROWS = 8192;
