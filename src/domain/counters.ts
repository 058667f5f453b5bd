/** Item counters as serving reads them: decayed plays, by item, market and genre. */
import { DAY_PARTS, type DayPart } from './context.ts';
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
  /** The same by part of the day (UTC): of the m-th market and day part d (in DAY_PARTS) at dayPartStart[m · DAY_PARTS.length + d]. */
  readonly dayPartStart: Uint32Array;
  readonly dayPartItems: Uint32Array;
  readonly dayPartPlays: Float32Array;
  /** Most played items of the world, most played first. */
  readonly topItems: Uint32Array;
  /** Most played items of genre g: genreItems[genreStart[g] .. genreStart[g + 1]), most played first. */
  readonly genreStart: Uint32Array;
  readonly genreItems: Uint32Array;
}

export function readCounters(epoch: EpochContent & { hash: string }): Counters {
  const a = epoch.arrays;
  const markets = a.markets as Uint16Array;
  return {
    hash: epoch.hash,
    plays: a.plays as Float32Array,
    markets,
    marketStart: a.marketStart as Uint32Array,
    marketItems: a.marketItems as Uint32Array,
    marketPlays: a.marketPlays as Float32Array,
    // Epochs of before there were day parts hold none: their lists are empty.
    dayPartStart: (a.dayPartStart as Uint32Array | undefined) ?? new Uint32Array(markets.length * DAY_PARTS.length + 1),
    dayPartItems: (a.dayPartItems as Uint32Array | undefined) ?? new Uint32Array(0),
    dayPartPlays: (a.dayPartPlays as Float32Array | undefined) ?? new Float32Array(0),
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

/** The span [start, end) of a part of the day in `market` (number) in `dayPartItems`; empty when the epoch does not have it. */
export function dayPartSpan(counters: Counters, market: number, part: DayPart): readonly [number, number] {
  const m = counters.markets.indexOf(market);
  if (m < 0) return [0, 0];
  const at = m * DAY_PARTS.length + DAY_PARTS.indexOf(part);
  return [counters.dayPartStart[at], counters.dayPartStart[at + 1]];
}

/** What serving reads before anything was counted. */
export const EMPTY_COUNTERS: Counters = {
  hash: '',
  plays: new Float32Array(0),
  markets: new Uint16Array(0),
  marketStart: new Uint32Array(1),
  marketItems: new Uint32Array(0),
  marketPlays: new Float32Array(0),
  dayPartStart: new Uint32Array(1),
  dayPartItems: new Uint32Array(0),
  dayPartPlays: new Float32Array(0),
  topItems: new Uint32Array(0),
  genreStart: new Uint32Array(1),
  genreItems: new Uint32Array(0),
};
