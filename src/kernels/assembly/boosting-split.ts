// The best split of a node, from its histograms.
//
// gain = GL²/(HL + λ) + GR²/(HR + λ) - G²/(H + λ), all in the units of the whole numbers; where weights are bounded (monotone
// constraints), GX²/(HX + λ) is replaced by -(2 GX w + (HX + λ) w²) at the bounded weight w.

// A record of the best split so far, 80 bytes: gain f64, GL f64, HL f64, feature u32 (none: 0xffffffff), bin u32 (0: by
// category), left u32 (1: the missing go left; 2: nothing was missing), then at 40 the bins that go left, 256 bits.
const GAIN: usize = 0;
const LEFT_G: usize = 8;
const LEFT_H: usize = 16;
const FEATURE: usize = 24;
const BIN: usize = 28;
const MISSING: usize = 32;
const SET: usize = 40;
const NONE: u32 = 0xffffffff;
const MISSING_RIGHT: u32 = 0;
const MISSING_LEFT: u32 = 1;
const NOTHING_MISSING: u32 = 2;

// A feature: bins u32 (without bin 0), kind u32 (0: not in this tree, 1: ordered, 2: categories), monotone i32, unused.
const CATEGORIES: u32 = 2;

// Parameters, f64 each: λ, least hessian of a child, smoothing of categories, λ added for categories, least hessian of a
// category, largest number of categories on the smaller side.
const LAMBDA: usize = 0;
const MIN_CHILD: usize = 8;
const SMOOTHING: usize = 16;
const CATEGORY_LAMBDA: usize = 24;
const MIN_CATEGORY: usize = 32;
const MAX_CATEGORIES: usize = 40;

// @ts-ignore: decorator
@inline
function gradientOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0);
}

// @ts-ignore: decorator
@inline
function hessianOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 1);
}

// GL²/(HL + λ) + GR²/(HR + λ): both divisions at once.
// @ts-ignore: decorator
@inline
function scoreOf(left: v128, right: v128, lambda: v128): f64 {
  const g = i8x16.shuffle(left, right, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  const h = i8x16.shuffle(left, right, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  const score = f64x2.div(f64x2.mul(g, g), f64x2.add(h, lambda));
  return f64x2.extract_lane(score, 0) + f64x2.extract_lane(score, 1);
}

// @ts-ignore: decorator
@inline
function weightOf(pair: v128, lambda: f64, lower: f64, upper: f64): f64 {
  return max(lower, min(upper, -gradientOf(pair) / (hessianOf(pair) + lambda)));
}

// @ts-ignore: decorator
@inline
function scoreAt(pair: v128, lambda: f64, w: f64): f64 {
  return -(2 * gradientOf(pair) * w + (hessianOf(pair) + lambda) * w * w);
}

// The score under bounds, or -1 where the weights break the constraint.
function boundedScore(left: v128, right: v128, lambda: f64, monotone: i32, lower: f64, upper: f64): f64 {
  const wl = weightOf(left, lambda, lower, upper);
  const wr = weightOf(right, lambda, lower, upper);
  if ((monotone > 0 && wl > wr) || (monotone < 0 && wl < wr)) return -1;
  return scoreAt(left, lambda, wl) + scoreAt(right, lambda, wr);
}

// One direction of the missing over the thresholds of an ordered feature. `left` holds the missing, or nothing.
function scanOrdered(
  histogram: usize,
  last: u32,
  left: v128,
  total: v128,
  parameters: usize,
  parentScore: f64,
  feature: u32,
  missing: u32,
  bounded: bool,
  monotone: i32,
  lower: f64,
  upper: f64,
  out: usize,
): void {
  const lambda = load<f64>(parameters, LAMBDA);
  const lambdas = f64x2.splat(lambda);
  const minChild = load<f64>(parameters, MIN_CHILD);
  let best = load<f64>(out, GAIN) + parentScore;
  let bestBin: u32 = 0;
  let bestLeft = left;
  for (let bin: u32 = 1; bin <= last; bin++) {
    left = f64x2.add(left, v128.load(histogram + ((<usize>bin) << 4)));
    const right = f64x2.sub(total, left);
    if (hessianOf(left) < minChild) continue;
    if (hessianOf(right) < minChild) break;
    const score = bounded
      ? boundedScore(left, right, lambda, monotone, lower, upper)
      : scoreOf(left, right, lambdas);
    if (score > best) {
      best = score;
      bestBin = bin;
      bestLeft = left;
    }
  }
  if (bestBin == 0) return;
  store<f64>(out, best - parentScore, GAIN);
  store<f64>(out, gradientOf(bestLeft), LEFT_G);
  store<f64>(out, hessianOf(bestLeft), LEFT_H);
  store<u32>(out, feature, FEATURE);
  store<u32>(out, bestBin, BIN);
  store<u32>(out, missing, MISSING);
}

// Ascending by key; entries are (key f64, bin u32, unused u32). Heap sort: at most 256 entries, and equal input gives equal output.
function sortEntries(entries: usize, count: u32): void {
  for (let i = count >> 1; i > 0; i--) sift(entries, i - 1, count);
  for (let left = count; left > 1; left--) {
    const last = entries + ((<usize>(left - 1)) << 4);
    const moved = v128.load(last);
    v128.store(last, v128.load(entries));
    v128.store(entries, moved);
    sift(entries, 0, left - 1);
  }
}

// @ts-ignore: decorator
@inline
function after(a: usize, b: usize): bool {
  const x = load<f64>(a);
  const y = load<f64>(b);
  return x > y || (x == y && load<u32>(a, 8) > load<u32>(b, 8));
}

function sift(entries: usize, from: u32, count: u32): void {
  let hole = from;
  for (;;) {
    let child: u32 = 2 * hole + 1;
    if (child >= count) return;
    let at = entries + ((<usize>child) << 4);
    if (child + 1 < count && after(at + 16, at)) {
      child++;
      at += 16;
    }
    const parent = entries + ((<usize>hole) << 4);
    if (!after(at, parent)) return;
    const moved = v128.load(parent);
    v128.store(parent, v128.load(at));
    v128.store(at, moved);
    hole = child;
  }
}

// Categories in the order of their smoothed mean gradient: without smoothing and λ the best two-way split of the categories is a
// prefix of that order (Fisher 1958). Both ends are scanned, so that the smaller side has few categories.
function scanCategories(
  histogram: usize,
  bins: u32,
  total: v128,
  parameters: usize,
  parentScore: f64,
  feature: u32,
  bounded: bool,
  lower: f64,
  upper: f64,
  out: usize,
  scratch: usize,
): void {
  const lambda = load<f64>(parameters, LAMBDA) + load<f64>(parameters, CATEGORY_LAMBDA);
  const lambdas = f64x2.splat(lambda);
  const minChild = load<f64>(parameters, MIN_CHILD);
  const smoothing = load<f64>(parameters, SMOOTHING);
  const minCategory = load<f64>(parameters, MIN_CATEGORY);
  const mean = gradientOf(total) / hessianOf(total);
  let count: u32 = 0;
  // Bin 0 holds the missing and all that is not kept: a category like others, but it alone decides for what was never seen.
  for (let bin: u32 = 0; bin <= bins; bin++) {
    const pair = v128.load(histogram + ((<usize>bin) << 4));
    if (hessianOf(pair) <= 0 || hessianOf(pair) < minCategory) continue;
    const entry = scratch + ((<usize>count) << 4);
    store<f64>(entry, (gradientOf(pair) + smoothing * mean) / (hessianOf(pair) + smoothing));
    store<u32>(entry, bin, 8);
    store<u32>(entry, 0, 12);
    count++;
  }
  if (count < 2) return;
  sortEntries(scratch, count);
  const most = min(count - 1, <u32>load<f64>(parameters, MAX_CATEGORIES));
  let best = load<f64>(out, GAIN) + parentScore;
  let bestSize: u32 = 0;
  let bestFromEnd = false;
  let bestLeft = f64x2.splat(0);
  for (let direction = 0; direction < 2; direction++) {
    const fromEnd = direction == 1;
    let left = f64x2.splat(0);
    for (let size: u32 = 1; size <= most; size++) {
      const entry = scratch + ((<usize>(fromEnd ? count - size : size - 1)) << 4);
      left = f64x2.add(left, v128.load(histogram + ((<usize>load<u32>(entry, 8)) << 4)));
      const right = f64x2.sub(total, left);
      if (hessianOf(left) < minChild) continue;
      if (hessianOf(right) < minChild) break;
      const score = bounded
        ? boundedScore(left, right, lambda, 0, lower, upper)
        : scoreOf(left, right, lambdas);
      if (score > best) {
        best = score;
        bestSize = size;
        bestFromEnd = fromEnd;
        bestLeft = left;
      }
    }
  }
  if (bestSize == 0) return;
  store<f64>(out, best - parentScore, GAIN);
  store<f64>(out, gradientOf(bestLeft), LEFT_G);
  store<f64>(out, hessianOf(bestLeft), LEFT_H);
  store<u32>(out, feature, FEATURE);
  store<u32>(out, 0, BIN);
  store<u32>(out, NOTHING_MISSING, MISSING);
  memory.fill(out + SET, 0, 32);
  // What no row of this node tells of goes where most of them go.
  if (2 * hessianOf(bestLeft) > hessianOf(total)) {
    for (let bin: u32 = 0; bin <= bins; bin++) {
      if (!v128.any_true(v128.load(histogram + ((<usize>bin) << 4)))) insert(out, bin);
    }
  }
  for (let i: u32 = 0; i < bestSize; i++) {
    insert(out, load<u32>(scratch + ((<usize>(bestFromEnd ? count - 1 - i : i)) << 4), 8));
  }
}

function insert(record: usize, bin: u32): void {
  const at = record + SET + (<usize>(bin >> 5) << 2);
  store<u32>(at, load<u32>(at) | (<u32>1 << (bin & 31)));
}

/**
 * The best split of one node among the `size` features from `first` on, whose histograms begin at `histogram`, written to
 * `out` (80 bytes). Of equal gains the one found first holds: the smaller feature, missing right, the smaller bin.
 * `g`, `h`: the sums over the node. `lower`, `upper` bound the weights of the children where `bounded`. `scratch`: 4 kB.
 */
export function findSplits(
  histogram: usize,
  first: u32,
  size: u32,
  features: usize,
  g: f64,
  h: f64,
  parameters: usize,
  bounded: bool,
  lower: f64,
  upper: f64,
  out: usize,
  scratch: usize,
): void {
  const total = f64x2(g, h);
  const lambda = load<f64>(parameters, LAMBDA);
  const parentScore = bounded
    ? scoreAt(total, lambda, weightOf(total, lambda, lower, upper))
    : (g * g) / (h + lambda);
  store<f64>(out, 0, GAIN);
  store<u32>(out, NONE, FEATURE);
  for (let k: u32 = 0; k < size; k++) {
    const feature = first + k;
    const about = features + ((<usize>feature) << 4);
    const bins = load<u32>(about);
    const kind = load<u32>(about, 4);
    const at = histogram + ((<usize>k) << 12);
    if (kind == 0) continue;
    if (kind == CATEGORIES) {
      scanCategories(at, bins, total, parameters, parentScore, feature, bounded, lower, upper, out, scratch);
      continue;
    }
    const monotone = load<i32>(about, 8);
    const missing = v128.load(at);
    const nothing = f64x2.splat(0);
    if (v128.any_true(missing)) {
      // The last threshold parts the known from the missing.
      scanOrdered(at, bins, nothing, total, parameters, parentScore, feature, MISSING_RIGHT, bounded, monotone, lower, upper, out);
      scanOrdered(at, bins - 1, missing, total, parameters, parentScore, feature, MISSING_LEFT, bounded, monotone, lower, upper, out);
    } else if (bins > 1) {
      scanOrdered(at, bins - 1, nothing, total, parameters, parentScore, feature, NOTHING_MISSING, bounded, monotone, lower, upper, out);
    }
  }
}
