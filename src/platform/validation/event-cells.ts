/**
 * What is kept of an hour of events of one type: counts in fixed cells, which add up to the same however they are split, and read
 * back from a file as they were written. Nothing of a listener is kept, no id and no hash, only an estimate of how many there were.
 */
import type { Device, FeedbackEvent } from '../../domain/index.ts';
import type {
  CommonStatistics,
  DatasetFeatureStatistics,
  FeatureNameStatistics,
  HistogramBucket,
} from '../../validation/index.ts';
import {
  addDistinct,
  countSketch,
  type DistinctState,
  emptySketch,
  hashOfKey,
  mergeDistinct,
} from '../insights/distinct.ts';

/** Cells by value: everything below the first edge in the first, everything from the last on in the last. */
interface Scale {
  readonly cells: number;
  readonly cellOf: (value: number) => number;
  /** Of cell i: from edge i up to edge i + 1. */
  readonly edge: (cell: number) => number;
}

const PER_OCTAVE = 4;
/** Zero to one, then quarters of an octave up to 2^30 ms, twelve days. */
const LENGTHS: Scale = {
  cells: 1 + 30 * PER_OCTAVE,
  cellOf: (value) => (value < 1 ? 0 : Math.min(30 * PER_OCTAVE, 1 + Math.floor(PER_OCTAVE * Math.log2(value)))),
  edge: (cell) => (cell === 0 ? 0 : 2 ** ((cell - 1) / PER_OCTAVE)),
};
const RANKS: Scale = { cells: 256, cellOf: (value) => Math.min(255, Math.max(0, value)), edge: (cell) => cell };

/** Numbers of an event, with their unit in the name; NaN where it has none. */
export const EVENT_NUMBERS: Readonly<
  Record<
    string,
    { readonly scale: Scale; readonly type: 'INT' | 'FLOAT'; readonly of: (event: FeedbackEvent) => number }
  >
> = {
  playedMs: {
    scale: LENGTHS,
    type: 'FLOAT',
    of: ({ type, playedMs }) => (type === 'play' || playedMs > 0 ? playedMs : Number.NaN),
  },
  durationMs: { scale: LENGTHS, type: 'FLOAT', of: ({ durationMs }) => (durationMs > 0 ? durationMs : Number.NaN) },
  /** From when it occurred to when it came in. */
  delayMs: { scale: LENGTHS, type: 'FLOAT', of: ({ receivedAtMs, occurredAtMs }) => receivedAtMs - occurredAtMs },
  shelfRank: { scale: RANKS, type: 'INT', of: ({ shelfRank }) => (shelfRank < 0 ? Number.NaN : shelfRank) },
  cardRank: { scale: RANKS, type: 'INT', of: ({ cardRank }) => (cardRank < 0 ? Number.NaN : cardRank) },
};

const given = (isGiven: boolean): string => (isGiven ? 'given' : 'absent');
/** Words of an event. Of ids it is told whether there is one. */
export const EVENT_WORDS: Readonly<Record<string, (event: FeedbackEvent) => string>> = {
  device: ({ device }) => device,
  autoplay: ({ autoplay }) => String(autoplay),
  itemId: ({ itemId }) => given(itemId !== ''),
  containerId: ({ containerId }) => given(containerId !== ''),
  sessionId: ({ sessionId }) => given(sessionId !== ''),
  reference: ({ decisionId }) => given(decisionId !== ''),
};

interface NumberCells {
  count: number;
  zeros: number;
  sum: number;
  squares: number;
  min: number;
  max: number;
  readonly cells: Uint32Array;
}

/** Of one slice of one type and hour. Plain data: it is stored as it is. */
export interface EventCells {
  events: number;
  readonly listeners: DistinctState;
  readonly numbers: Record<string, NumberCells>;
  readonly words: Record<string, Map<string, number>>;
}

export const emptyCells = (): EventCells => ({ events: 0, listeners: emptySketch(), numbers: {}, words: {} });

function emptyNumbers({ cells }: Scale): NumberCells {
  const [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { count: 0, zeros: 0, sum: 0, squares: 0, min, max, cells: new Uint32Array(cells) };
}

function numbersIn({ numbers }: EventCells, name: string, scale: Scale): NumberCells {
  const known = numbers[name];
  if (known !== undefined) return known;
  const fresh = emptyNumbers(scale);
  numbers[name] = fresh;
  return fresh;
}

function wordsIn({ words }: EventCells, name: string): Map<string, number> {
  const known = words[name];
  if (known !== undefined) return known;
  const fresh = new Map<string, number>();
  words[name] = fresh;
  return fresh;
}

export function addEvent(to: EventCells, event: FeedbackEvent): void {
  to.events++;
  addDistinct(to.listeners, hashOfKey(event.listenerKey));
  for (const [name, { scale, of }] of NUMBERS) {
    const value = of(event);
    if (Number.isNaN(value)) continue;
    const numbers = numbersIn(to, name, scale);
    numbers.count++;
    if (value === 0) numbers.zeros++;
    numbers.sum += value;
    numbers.squares += value * value;
    numbers.min = Math.min(numbers.min, value);
    numbers.max = Math.max(numbers.max, value);
    numbers.cells[scale.cellOf(value)]++;
  }
  for (const [name, of] of WORDS) {
    const word = of(event);
    const counts = wordsIn(to, name);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}
const NUMBERS = Object.entries(EVENT_NUMBERS);
const WORDS = Object.entries(EVENT_WORDS);

/** Takes in other events, whose cells stay as they are. */
export function mergeCells(to: EventCells, from: EventCells): void {
  to.events += from.events;
  mergeDistinct(to.listeners, from.listeners);
  for (const [name, other] of Object.entries(from.numbers)) {
    const scale = EVENT_NUMBERS[name]?.scale;
    if (scale === undefined) continue;
    const numbers = numbersIn(to, name, scale);
    numbers.count += other.count;
    numbers.zeros += other.zeros;
    numbers.sum += other.sum;
    numbers.squares += other.squares;
    numbers.min = Math.min(numbers.min, other.min);
    numbers.max = Math.max(numbers.max, other.max);
    for (let i = 0; i < numbers.cells.length; i++) numbers.cells[i] += other.cells[i];
  }
  for (const [name, other] of Object.entries(from.words)) {
    const counts = wordsIn(to, name);
    for (const [word, count] of other) counts.set(word, (counts.get(word) ?? 0) + count);
  }
}

export const listenersIn = (cells: EventCells): number => countSketch(cells.listeners);

export const deviceSlice = (device: Device): string => `device_${device}`;

/** As statistics: histograms have the cells' own edges, quantiles lie between them in proportion. */
export function statisticsOfCells(cells: EventCells, name: string): DatasetFeatureStatistics {
  const features = [
    ...NUMBERS.flatMap(([feature, { scale, type }]) => {
      const numbers = cells.numbers[feature];
      return numbers === undefined ? [] : [numericFeature(feature, type, scale, numbers, cells.events)];
    }),
    ...WORDS.flatMap(([feature]) => {
      const counts = cells.words[feature];
      return counts === undefined ? [] : [wordFeature(feature, counts, cells.events)];
    }),
  ];
  return { name, numExamples: cells.events, features };
}

function commonOf(present: number, events: number): CommonStatistics {
  return {
    numNonMissing: present,
    numMissing: events - present,
    minNumValues: 1,
    maxNumValues: 1,
    avgNumValues: 1,
    totNumValues: present,
  };
}

function numericFeature(
  name: string,
  type: 'INT' | 'FLOAT',
  scale: Scale,
  { count, zeros, sum, squares, min, max, cells }: NumberCells,
  events: number,
): FeatureNameStatistics {
  const mean = sum / count;
  const quantile = (share: number): number => quantileOf(cells, scale, count, share, min, max);
  const quantiles = Array.from({ length: 11 }, (_, i) => quantile(i / 10));
  return {
    path: { step: [name] },
    type,
    numStats: {
      commonStats: commonOf(count, events),
      mean,
      stdDev: Math.sqrt(Math.max(0, squares / count - mean * mean)),
      numZeros: zeros,
      min,
      max,
      median: quantile(0.5),
      histograms: [
        { type: 'STANDARD', buckets: bucketsOf(cells, scale) },
        {
          type: 'QUANTILES',
          buckets: quantiles
            .slice(1)
            .map((high, i) => ({ lowValue: quantiles[i], highValue: high, sampleCount: count / 10 })),
        },
      ],
    },
  };
}

/** From the first cell that holds something to the last. */
function bucketsOf(cells: Uint32Array, scale: Scale): HistogramBucket[] {
  const first = cells.findIndex((count) => count > 0);
  const last = cells.findLastIndex((count) => count > 0);
  return Array.from(cells.subarray(first, last + 1), (sampleCount, i) => ({
    lowValue: scale.edge(first + i),
    highValue: scale.edge(first + i + 1),
    sampleCount,
  }));
}

function quantileOf(cells: Uint32Array, scale: Scale, count: number, share: number, min: number, max: number): number {
  const rank = share * count;
  let below = 0;
  for (const [cell, own] of cells.entries()) {
    if (own === 0 || below + own < rank) {
      below += own;
      continue;
    }
    const [low, high] = [Math.max(min, scale.edge(cell)), Math.min(max, scale.edge(cell + 1))];
    return low + (high - low) * ((rank - below) / own);
  }
  return max;
}

function wordFeature(name: string, counts: ReadonlyMap<string, number>, events: number): FeatureNameStatistics {
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const length = ranked.reduce((sum, [word, count]) => sum + word.length * count, 0);
  return {
    path: { step: [name] },
    type: 'STRING',
    stringStats: {
      commonStats: commonOf(events, events),
      unique: ranked.length,
      topValues: ranked.slice(0, 20).map(([value, frequency]) => ({ value, frequency })),
      avgLength: length / events,
      rankHistogram: {
        buckets: ranked.map(([label, sampleCount], rank) => ({ lowRank: rank, highRank: rank, label, sampleCount })),
      },
    },
  };
}
