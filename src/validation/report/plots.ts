/** Distributions of one feature, several datasets laid over each other: shares, so that datasets of any size compare. */
import type { Histogram } from '../metadata/index.ts';
import type { FeatureSummary, NumericSummary } from './compare.ts';
import { escaped, figure, isolated, percent } from './markup.ts';

type Named = { readonly name: string; readonly at: number; readonly side: FeatureSummary };

const WIDTH = 400;
const HEIGHT = 100;
/** A bucket is drawn at least this much of the axis wide. */
const THINNEST = 1 / 160;
const LOG_DECADES = 3;

/** Height on a logarithmic scale of three decades, in [0, 1]. */
function onLogScale(share: number): number {
  return share <= 0 ? 0 : Math.max(0.02, 1 + Math.log10(share) / LOG_DECADES);
}

interface Bar {
  readonly low: number;
  readonly high: number;
  /** Share of the dataset's values. */
  readonly share: number;
  /** Share by width of the axis. */
  readonly density: number;
}

function barsOf(histogram: Histogram | undefined, low: number, range: number): Bar[] {
  const buckets = (histogram?.buckets ?? []).map(({ lowValue = 0, highValue = 0, sampleCount = 0 }) => ({
    lowValue,
    highValue,
    sampleCount,
  }));
  const total = buckets.reduce((sum, { sampleCount }) => sum + sampleCount, 0) || 1;
  return buckets.flatMap(({ lowValue, highValue, sampleCount }) => {
    if (!Number.isFinite(lowValue) || !Number.isFinite(highValue)) return [];
    const left = (lowValue - low) / range;
    const width = Math.max((highValue - lowValue) / range, THINNEST);
    const share = sampleCount / total;
    return [{ low: Math.min(left, 1 - THINNEST), high: Math.min(left + width, 1), share, density: share / width }];
  });
}

/** A closed path; where buckets of no width were made wide enough to be seen, what follows begins behind them. */
function outline(bars: readonly Bar[], heightOf: (bar: Bar) => number): string {
  if (bars.length === 0) return '';
  const x = (at: number): string => (at * WIDTH).toFixed(1);
  let reached = bars[0].low;
  let path = `M${x(reached)},${HEIGHT}`;
  for (const bar of bars) {
    const y = (HEIGHT * (1 - heightOf(bar))).toFixed(1);
    const high = Math.max(bar.high, reached);
    path += `L${x(Math.max(bar.low, reached))},${y}L${x(high)},${y}`;
    reached = high;
  }
  return `${path}L${x(reached)},${HEIGHT}Z`;
}

function rangeOf(sides: readonly NumericSummary[]): readonly [low: number, high: number] {
  const bounds = sides.flatMap(({ min, max, standard }) => [
    min,
    max,
    ...(standard?.buckets ?? []).flatMap(({ lowValue = 0, highValue = 0 }) => [lowValue, highValue]),
  ]);
  const finite = bounds.flatMap((bound) => (Number.isFinite(bound) ? [bound] : []));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

interface Drawn {
  readonly name: string;
  readonly at: number;
  readonly numeric: NumericSummary;
}

/**
 * Histograms over one axis, and under it each dataset's spread: least to largest, the middle 60 % and the median. Where
 * the statistics have quantiles, also without the tails: what a few large values press into one bucket.
 */
export function numericPlot(path: string, named: readonly Named[]): string {
  const drawn = named.flatMap(({ name, at, side }) =>
    side.numeric && side.values > 0 ? [{ name, at, numeric: side.numeric }] : [],
  );
  if (drawn.length === 0) return '<p class="none">No values.</p>';
  const names = drawn.map(({ name }) => name).join(', ');
  const whole = chart(`Distribution of ${path}: ${names}`, drawn, rangeOf(drawn.map(({ numeric }) => numeric)), false);
  const inner = drawn.flatMap(({ numeric }) =>
    innerOf(numeric.quantiles).flatMap((bucket) => [bucket.low, bucket.high]),
  );
  const [low, high] = [Math.min(...inner), Math.max(...inner)];
  if (!(low < high)) return `<figure>${whole}</figure>`;
  const middle = chart(`Distribution of ${path} without its tails: ${names}`, drawn, [low, high], true);
  return `<figure class="whole">${whole}</figure><figure class="middle">${middle}</figure>`;
}

function chart(
  label: string,
  drawn: readonly Drawn[],
  [low, high]: readonly [number, number],
  isMiddle: boolean,
): string {
  const range = high - low;
  const series = drawn.map(({ name, at, numeric }) => ({
    name,
    at,
    bars: isMiddle ? innerBars(numeric.quantiles, low, range) : barsOf(numeric.standard, low, range),
  }));
  const peak = Math.max(...series.flatMap(({ bars }) => bars.map(({ density }) => density)), Number.MIN_VALUE);
  const paths = series.map(
    ({ at, bars }) =>
      `<path class="d${at} linear" d="${outline(bars, ({ density }) => density / peak)}"/>` +
      `<path class="d${at} log" d="${outline(bars, ({ density }) => onLogScale(density / peak))}"/>`,
  );
  const spreads = drawn.map(({ name, at, numeric }) => spreadOf(name, at, numeric, low, range));
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${escaped(label)}">` +
    `${paths.join('')}${targets(series, low, range)}</svg>` +
    `${spreads.join('')}<div class="axis"><span>${figure(low)}</span><span>${figure(low + range / 2)}</span><span>${figure(high)}</span></div>`
  );
}

/** Fewer quantiles have no middle to speak of. */
const LEAST_QUANTILES = 4;

/** Finite buckets between the first and the last quantile, each with its share of all values. */
function innerOf(quantiles: Histogram | undefined): { low: number; high: number; share: number }[] {
  const buckets = quantiles?.buckets ?? [];
  if (buckets.length < LEAST_QUANTILES) return [];
  const total = buckets.reduce((sum, { sampleCount = 0 }) => sum + sampleCount, 0) || 1;
  return buckets
    .slice(1, -1)
    .flatMap(({ lowValue = 0, highValue = 0, sampleCount = 0 }) =>
      Number.isFinite(lowValue) && Number.isFinite(highValue)
        ? [{ low: lowValue, high: highValue, share: sampleCount / total }]
        : [],
    );
}

/** Quantiles that are the same value are one bar. */
function innerBars(quantiles: Histogram | undefined, low: number, range: number): Bar[] {
  const merged: { low: number; high: number; share: number }[] = [];
  for (const bucket of innerOf(quantiles)) {
    const last = merged.at(-1);
    if (last && last.low === last.high && bucket.low === bucket.high && last.low === bucket.low)
      last.share += bucket.share;
    else merged.push(bucket);
  }
  return merged.map((bucket) => {
    const width = Math.max((bucket.high - bucket.low) / range, THINNEST);
    const left = Math.min((bucket.low - low) / range, 1 - THINNEST);
    return { low: left, high: Math.min(left + width, 1), share: bucket.share, density: bucket.share / width };
  });
}

/** What the pointer meets: for each stretch between edges the shares there. */
function targets(
  series: readonly { readonly name: string; readonly bars: readonly Bar[] }[],
  low: number,
  range: number,
): string {
  const longest = series.reduce((a, b) => (b.bars.length > a.bars.length ? b : a)).bars;
  return longest
    .map((bar) => {
      const middle = (bar.low + bar.high) / 2;
      const lines = series.flatMap(({ name, bars }) => {
        const under = bars.find((one) => one.low <= middle && middle <= one.high);
        return under
          ? [
              `${name}: ${percent(under.share)} in ${figure(low + under.low * range)} to ${figure(low + under.high * range)}`,
            ]
          : [];
      });
      const width = ((bar.high - bar.low) * WIDTH).toFixed(1);
      return `<rect x="${(bar.low * WIDTH).toFixed(1)}" width="${width}" height="${HEIGHT}"><title>${escaped(lines.join('\n'))}</title></rect>`;
    })
    .join('');
}

function spreadOf(name: string, at: number, numeric: NumericSummary, low: number, range: number): string {
  const place = (x: number): number => 100 * Math.min(1, Math.max(0, (x - low) / range));
  const { quantiles, min, max, median } = numeric;
  const buckets = quantiles?.buckets ?? [];
  const edge = (share: number): number | undefined => {
    const bucket = buckets[Math.min(buckets.length - 1, Math.round(share * buckets.length))];
    return bucket && (bucket.lowValue ?? 0);
  };
  const [from, to] = [edge(0.2) ?? min, edge(0.8) ?? max];
  const span = (a: number, b: number): string =>
    `left:${place(a).toFixed(2)}%;width:${Math.max(place(b) - place(a), 0).toFixed(2)}%`;
  const title = `${name}: ${figure(min)} to ${figure(max)}, middle 60% ${figure(from)} to ${figure(to)}, median ${figure(median)}`;
  return `<div class="spread d${at}" title="${escaped(title)}"><i style="${span(min, max)}"></i><b style="${span(from, to)}"></b><u style="left:${place(median).toFixed(2)}%"></u></div>`;
}

const MOST_BARS = 6;

/** The values that are most of any dataset, with a bar for each. */
export function categoricalPlot(named: readonly Named[]): string {
  const sides = named.flatMap(({ name, at, side }) =>
    side.categorical ? [{ name, at, shares: sharesOf(side.categorical.counts) }] : [],
  );
  const labels = labelsOf(sides.map(({ shares }) => shares));
  if (labels.length === 0) return '<p class="none">No values.</p>';
  const shown = labels.slice(0, MOST_BARS);
  const peak = Math.max(...shown.flatMap((label) => sides.map(({ shares }) => shares.get(label) ?? 0)));
  const rows = shown.map((label) => {
    const bars = sides.map(({ name, at, shares }) => {
      const share = shares.get(label) ?? 0;
      const length = `--s:${((100 * share) / peak).toFixed(2)}%;--l:${(100 * onLogScale(share / peak)).toFixed(2)}%`;
      return `<span class="bar d${at}" title="${escaped(`${name}: ${percent(share)}`)}"><i style="${length}"></i>${percent(share)}</span>`;
    });
    return `<div class="value"><span class="label" title="${escaped(label)}">${isolated(label)}</span><span class="bars">${bars.join('')}</span></div>`;
  });
  const more = labels.length - shown.length;
  const rest = sides.map(({ shares }) =>
    percent(Math.max(0, 1 - shown.reduce((sum, one) => sum + (shares.get(one) ?? 0), 0))),
  );
  const note = more > 0 ? `<p class="more">and ${figure(more)} more: ${rest.join(' · ')}</p>` : '';
  return `<figure class="values">${rows.join('')}${note}</figure>`;
}

export function sharesOf(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  let total = 0;
  for (const count of counts.values()) total += count;
  return new Map([...counts].map(([label, count]) => [label, total === 0 ? 0 : count / total]));
}

/** Values of any side, by their largest share. */
export function labelsOf(sides: readonly ReadonlyMap<string, number>[]): string[] {
  const largest = new Map<string, number>();
  for (const shares of sides)
    for (const [label, share] of shares) largest.set(label, Math.max(share, largest.get(label) ?? 0));
  return [...largest].sort(([, a], [, b]) => b - a).map(([label]) => label);
}
