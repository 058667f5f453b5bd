/**
 * What a market plays at this time of the day, sorted for shelves that need no taste: made once for each market, part of the
 * day, catalogue and set of counters.
 */
import { type Catalog, type Counters, DAY_PARTS, type DayPart, dayPartSpan, marketSpan } from '../domain/index.ts';
import { isEpisode, isShow, showOfEpisode, strongestGenre, widestOf } from './kinds.ts';

export interface MarketChart {
  /** What is played in this part of the day, then what the market plays at any time, then the world: each most played first. */
  readonly items: Uint32Array;
  /** The strongest genres of the market, strongest first. */
  readonly genres: readonly GenreChart[];
  /** What comes after the head of `items`: no single episode, no song beside its album or artist. */
  readonly beyond: Uint32Array;
  /** Shows, by their most played episode or by themselves. */
  readonly shows: Uint32Array;
}

export interface GenreChart {
  /** The first item of the chart whose strongest genre it is: it stands for the genre. */
  readonly seedItem: number;
  readonly genre: number;
  /** Items whose strongest genre it is, in the order of the chart, sorted out as `beyond` is. */
  readonly items: Uint32Array;
}

/** Items at the head of a chart that *Popular in your market* proposes. */
export const MOST_PLAYED = 60;
/** Genres of a chart. */
export const CHART_GENRES = 3;
/** A genre with fewer items than this in a chart has no shelf: other rows take a part of them. */
const GENRE_ITEMS = 12;
/** Items of one list at most. */
const LIST_ITEMS = 120;
/** Decayed plays below which an item is not said to be played at a time of the day: a single play is no habit of a market. */
const DAY_PART_PLAYS = 2;

const charts = new WeakMap<Counters, { readonly catalog: Catalog; readonly byPart: Map<number, MarketChart> }>();

/** The chart of a market, by its number, in a part of the day; of the world where the counters do not have that market. */
export function chartOf(counters: Counters, catalog: Catalog, market: number, part: DayPart): MarketChart {
  let known = charts.get(counters);
  if (known?.catalog !== catalog) {
    known = { catalog, byPart: new Map() };
    charts.set(counters, known);
  }
  const counted = counters.markets.includes(market) ? market : -1;
  // The world has no parts of the day: its listeners' mornings are at all hours.
  const key = counted < 0 ? -1 : counted * DAY_PARTS.length + DAY_PARTS.indexOf(part);
  let chart = known.byPart.get(key);
  if (chart === undefined) {
    chart = makeChart(counters, catalog, counted, part);
    known.byPart.set(key, chart);
  }
  return chart;
}

function makeChart(counters: Counters, catalog: Catalog, market: number, part: DayPart): MarketChart {
  const { marketItems, marketPlays, dayPartItems, dayPartPlays, topItems } = counters;
  const [start, end] = marketSpan(counters, market);
  const [partStart, partEnd] = dayPartSpan(counters, market, part);
  const now = dayPartItems.subarray(partStart, partEnd).filter((_, i) => dayPartPlays[partStart + i] >= DAY_PART_PLAYS);
  // The market's whole list follows, for times when little is played, and the world's, for markets that have played little.
  const items = Uint32Array.from(new Set([...now, ...marketItems.subarray(start, end), ...topItems]));

  const playsOf = new Map<number, number>();
  for (let i = start; i < end; i++) playsOf.set(marketItems[i], marketPlays[i]);
  if (start === end) for (const item of topItems) playsOf.set(item, counters.plays[item]);
  const plays = new Map<number, number>();
  for (const item of items) {
    const genre = strongestGenre(item, catalog);
    if (genre >= 0) plays.set(genre, (plays.get(genre) ?? 0) + (playsOf.get(item) ?? 0));
  }
  const strongest = [...plays].sort(([a, playsA], [b, playsB]) => playsB - playsA || a - b);
  const genres: GenreChart[] = [];
  for (const [genre] of strongest) {
    if (genres.length === CHART_GENRES) break;
    const all = items.filter((item) => strongestGenre(item, catalog) === genre);
    const widest = widestFirst(all, catalog);
    if (widest.length >= GENRE_ITEMS) genres.push({ seedItem: all[0], genre, items: widest });
  }
  const shows = items.filter((item) => isShow(item, catalog) || isEpisode(item, catalog));
  return {
    items: items.slice(0, LIST_ITEMS),
    genres,
    beyond: widestFirst(items.subarray(MOST_PLAYED), catalog),
    shows: Uint32Array.from(new Set(shows.map((item) => showOfEpisode(item, catalog)))).slice(0, LIST_ITEMS),
  };
}

function widestFirst(items: Uint32Array, catalog: Catalog): Uint32Array {
  return widestOf(items.subarray(0, 2 * LIST_ITEMS), catalog).slice(0, LIST_ITEMS);
}
