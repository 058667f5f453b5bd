/** Item counters as serving reads them: decayed plays, by item, market and genre. */
import type { EpochContent } from './epoch.ts';

export interface Counters {
  readonly hash: string;
  /** Decayed plays of item i over all markets (half-life in meta); items beyond its length have none. */
  readonly plays: Float32Array;
  /** Markets in this epoch (market numbers), and for the m-th: items marketItems[marketStart[m] .. marketStart[m + 1]), most played first, with their decayed plays. */
  readonly markets: Uint16Array;
  readonly marketStart: Uint32Array;
  readonly marketItems: Uint32Array;
  readonly marketPlays: Float32Array;
  /** Most played items of the world, most played first. */
  readonly topItems: Uint32Array;
  /** Most played items of genre g: genreItems[genreStart[g] .. genreStart[g + 1]), most played first. */
  readonly genreStart: Uint32Array;
  readonly genreItems: Uint32Array;
}

export function readCounters(epoch: EpochContent & { hash: string }): Counters {
  const a = epoch.arrays;
  return {
    hash: epoch.hash,
    plays: a.plays as Float32Array,
    markets: a.markets as Uint16Array,
    marketStart: a.marketStart as Uint32Array,
    marketItems: a.marketItems as Uint32Array,
    marketPlays: a.marketPlays as Float32Array,
    topItems: a.topItems as Uint32Array,
    genreStart: a.genreStart as Uint32Array,
    genreItems: a.genreItems as Uint32Array,
  };
}

/** The span [start, end) of `market` (number) in `marketItems`; empty when the epoch does not have it. */
export function marketSpan(counters: Counters, market: number): readonly [number, number] {
  const m = counters.markets.indexOf(market);
  return m < 0 ? [0, 0] : [counters.marketStart[m], counters.marketStart[m + 1]];
}

/** What serving reads before anything was counted. */
export const EMPTY_COUNTERS: Counters = {
  hash: '',
  plays: new Float32Array(0),
  markets: new Uint16Array(0),
  marketStart: new Uint32Array(1),
  marketItems: new Uint32Array(0),
  marketPlays: new Float32Array(0),
  topItems: new Uint32Array(0),
  genreStart: new Uint32Array(1),
  genreItems: new Uint32Array(0),
};
