/**
 * What the parts of a platform do when a listener is erased. Whoever keeps something of listeners is in the list that the
 * composition root hands to the erasures: in memory, in the online store under the listener's key, or in a file.
 */
import type { StoreWriter } from '../store/index.ts';

export interface ErasedListener {
  /** As the app knows them. */
  readonly id: string;
  /** As everything recorded knows them. */
  readonly key: string;
}

export interface ErasedPart {
  /** What it keeps, in the plural: how many were dropped stands in the answer under it. */
  readonly name: string;
  /**
   * Drops it at once. Called in the transaction that drops key and mapping: what it removes with `write` goes with them or
   * not at all; what it has in memory or in files of its own goes when it is called. It may be called again.
   * @returns how many
   */
  drop?(listener: ErasedListener, write: StoreWriter): number;
  /** Called when logs and lake are free of the listener, for what was derived from them. On the medium when it resolves. */
  settle?(listener: ErasedListener): Promise<void>;
}
