/** What a market plays, sorted for shelves that need no taste: made once for each market, catalogue and set of counters. */
import { type Catalog, type Counters, marketSpan } from '../domain/index.ts';
import { isEpisode, isShow, isWidest, showOfEpisode, strongestGenre } from './kinds.ts';

export interface MarketChart {
  /** The strongest genres of the market, strongest first. */
  readonly genres: readonly GenreChart[];
  /** What comes after the most played: no single episode, no song beside its album or artist. */
  readonly beyond: Uint32Array;
  /** Shows, by their most played episode or by themselves. */
  readonly shows: Uint32Array;
}

export interface GenreChart {
  /** The most played item whose strongest genre it is: it stands for the genre. */
  readonly seedItem: number;
  readonly genre: number;
  /** Items whose strongest genre it is, most played first, sorted out as `beyond` is. */
  readonly items: Uint32Array;
}

/** Items at the head of a market's list that *Popular in your market* proposes. */
export const MOST_PLAYED = 60;
/** Genres of a chart. */
export const CHART_GENRES = 3;
/** A genre with fewer items than this in a chart has no shelf: other rows take a part of them. */
const GENRE_ITEMS = 12;
/** Items of one list at most. */
const LIST_ITEMS = 120;

const charts = new WeakMap<Counters, { readonly catalog: Catalog; readonly byMarket: Map<number, MarketChart> }>();

/** The chart of a market by its number; of the world where the counters do not have that market. */
export function chartOf(counters: Counters, catalog: Catalog, market: number): MarketChart {
  let known = charts.get(counters);
  if (known?.catalog !== catalog) {
    known = { catalog, byMarket: new Map() };
    charts.set(counters, known);
  }
  const counted = counters.markets.includes(market) ? market : -1;
  let chart = known.byMarket.get(counted);
  if (chart === undefined) {
    chart = makeChart(counters, catalog, counted);
    known.byMarket.set(counted, chart);
  }
  return chart;
}

function makeChart(counters: Counters, catalog: Catalog, market: number): MarketChart {
  const [start, end] = marketSpan(counters, market);
  // The world's own list follows, for markets that have played little.
  const items = Uint32Array.from(new Set([...counters.marketItems.subarray(start, end), ...counters.topItems]));
  const playsOf = (rank: number): number =>
    start === end ? counters.plays[items[rank]] : rank < end - start ? counters.marketPlays[start + rank] : 0;

  const plays = new Map<number, number>();
  for (let rank = 0; rank < items.length; rank++) {
    const genre = strongestGenre(items[rank], catalog);
    if (genre >= 0) plays.set(genre, (plays.get(genre) ?? 0) + playsOf(rank));
  }
  const strongest = [...plays].sort(([a, playsA], [b, playsB]) => playsB - playsA || a - b);
  const genres: GenreChart[] = [];
  for (const [genre] of strongest) {
    if (genres.length === CHART_GENRES) break;
    const all = items.filter((item) => strongestGenre(item, catalog) === genre);
    const widest = widestOf(all, catalog);
    if (widest.length >= GENRE_ITEMS) genres.push({ seedItem: all[0], genre, items: widest });
  }
  const shows = items.filter((item) => isShow(item, catalog) || isEpisode(item, catalog));
  return {
    genres,
    beyond: widestOf(items.subarray(MOST_PLAYED), catalog),
    shows: Uint32Array.from(new Set(shows.map((item) => showOfEpisode(item, catalog)))).slice(0, LIST_ITEMS),
  };
}

function widestOf(items: Uint32Array, catalog: Catalog): Uint32Array {
  const first = items.subarray(0, 2 * LIST_ITEMS);
  return first.filter((item) => isWidest(item, first, catalog)).slice(0, LIST_ITEMS);
}
