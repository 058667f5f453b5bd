// What only training needs: the gradient at the output, dropout, gradients of embeddings, Adam. Blocks of 8 rows as in
// network-dense.ts.

/**
 * From errors[r] = d loss / d logit: dh[k][r] = weights[k] errors[r] scale where h[k][r] > 0, else 0, and
 * gradients[k] += Σ_r errors[r] h[k][r].
 */
export function outputGradients(
  h: usize,
  blocks: u32,
  width: u32,
  weights: usize,
  errors: usize,
  scale: f32,
  dh: usize,
  gradients: usize,
): void {
  const blockBytes = (<usize>width) << 5;
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < <usize>width; k++) {
    const w = f32x4.splat(load<f32>(weights + (k << 2)) * scale);
    let sum = zero;
    let at = k << 5;
    let e = errors;
    for (let block: u32 = 0; block < blocks; block++) {
      const ha = v128.load(h + at);
      const hb = v128.load(h + at, 16);
      const ea = v128.load(e);
      const eb = v128.load(e, 16);
      v128.store(dh + at, v128.and(f32x4.mul(w, ea), f32x4.gt(ha, zero)));
      v128.store(dh + at, v128.and(f32x4.mul(w, eb), f32x4.gt(hb, zero)), 16);
      sum = f32x4.add(sum, f32x4.mul(ea, ha));
      sum = f32x4.add(sum, f32x4.mul(eb, hb));
      at += blockBytes;
      e += 32;
    }
    const pairs = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
    const total = f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
    store<f32>(gradients + (k << 2), load<f32>(gradients + (k << 2)) + total);
  }
}

/** MurmurHash3's 32-bit finaliser, on four counters. */
// @ts-ignore: decorator
@inline
function mixed(counters: v128): v128 {
  let h = v128.xor(counters, i32x4.shr_u(counters, 16));
  h = i32x4.mul(h, i32x4.splat(0x85ebca6b));
  h = v128.xor(h, i32x4.shr_u(h, 13));
  h = i32x4.mul(h, i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/**
 * Dropout: each of `count` activations (a multiple of 4) becomes 0 with probability threshold / 2^31, else times `scale`.
 * Which ones is a function of the seed and of their places.
 */
export function dropOut(h: usize, count: u32, seed: u32, threshold: i32, scale: f32): void {
  const limit = i32x4.splat(threshold);
  const scales = f32x4.splat(scale);
  let counters = i32x4.add(i32x4.splat(seed), i32x4(0, 1, 2, 3));
  const four = i32x4.splat(4);
  const end = h + ((<usize>count) << 2);
  while (h < end) {
    const kept = i32x4.ge_s(i32x4.shr_u(mixed(counters), 1), limit);
    v128.store(h, v128.and(f32x4.mul(v128.load(h), scales), kept));
    counters = i32x4.add(counters, four);
    h += 16;
  }
}

/**
 * Adds the gradients of each row's slots to those of their table rows. `marks[id]` is 1 + the place of table row `id` among
 * the `listed` ones touched since the last step, or 0; place i has its id in list[i], the gradients of its embedding in
 * embeddings[i * size ..] and that of its wide weight in wides[i]. Returns how many are listed now.
 */
export function gatherGradients(
  ids: usize,
  rows: u32,
  slots: u32,
  dx: usize,
  size: u32,
  errors: usize,
  marks: usize,
  list: usize,
  listed: u32,
  embeddings: usize,
  wides: usize,
): u32 {
  const bytes = (<usize>size) << 2;
  const blockBytes = (<usize>(slots * size)) << 5;
  for (let r: u32 = 0; r < rows; r++) {
    const error = load<f32>(errors + ((<usize>r) << 2));
    let from = dx + <usize>(r >> 3) * blockBytes + ((<usize>(r & 7)) << 2);
    for (let s: u32 = 0; s < slots; s++) {
      const id = load<u32>(ids);
      ids += 4;
      if (id == 0) {
        from += (<usize>size) << 5;
        continue;
      }
      const mark = marks + ((<usize>id) << 2);
      let place = load<u32>(mark);
      if (place == 0) {
        store<u32>(list + ((<usize>listed) << 2), id);
        memory.fill(embeddings + <usize>listed * bytes, 0, bytes);
        store<f32>(wides + ((<usize>listed) << 2), 0);
        place = ++listed;
        store<u32>(mark, place);
      }
      const wide = wides + ((<usize>(place - 1)) << 2);
      store<f32>(wide, load<f32>(wide) + error);
      let to = embeddings + <usize>(place - 1) * bytes;
      for (let c: u32 = 0; c < size; c++) {
        store<f32>(to, load<f32>(to) + load<f32>(from));
        to += 4;
        from += 32;
      }
    }
  }
  return listed;
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;

/**
 * One step of AdamW (Loshchilov & Hutter 2019) over `count` parameters (a multiple of 4):
 *   m = .9 m + .1 g,  v = .999 v + .001 g²,  w -= step m / (√v · root + epsilon) + decay w
 * step = rate / (1 - .9^t), root = 1 / √(1 - .999^t), decay = rate times weight decay. Clears the gradients.
 */
export function adamStep(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  count: u32,
  step: f32,
  root: f32,
  epsilon: f32,
  decay: f32,
): void {
  const steps = f32x4.splat(step);
  const roots = f32x4.splat(root);
  const epsilons = f32x4.splat(epsilon);
  const decays = f32x4.splat(decay);
  const bytes = (<usize>count) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const gradient = v128.load(g + at);
    const first = f32x4.add(
      f32x4.mul(f32x4.splat(BETA1), v128.load(m + at)),
      f32x4.mul(f32x4.splat(1 - BETA1), gradient),
    );
    const second = f32x4.add(
      f32x4.mul(f32x4.splat(BETA2), v128.load(v + at)),
      f32x4.mul(f32x4.splat(1 - BETA2), f32x4.mul(gradient, gradient)),
    );
    const weight = v128.load(w + at);
    const move = f32x4.div(
      f32x4.mul(steps, first),
      f32x4.add(f32x4.mul(f32x4.sqrt(second), roots), epsilons),
    );
    v128.store(m + at, first);
    v128.store(v + at, second);
    v128.store(w + at, f32x4.sub(weight, f32x4.add(move, f32x4.mul(decays, weight))));
    v128.store(g + at, f32x4.splat(0));
  }
}

/**
 * The same for the table rows that `gatherGradients` listed, embeddings and wide weights; the moments of all other rows stay
 * as they are (lazy Adam). Forgets the list.
 */
export function adamRows(
  list: usize,
  listed: u32,
  marks: usize,
  size: u32,
  table: usize,
  tableM: usize,
  tableV: usize,
  embeddings: usize,
  wide: usize,
  wideM: usize,
  wideV: usize,
  wides: usize,
  step: f32,
  root: f32,
  epsilon: f32,
  decay: f32,
): void {
  const bytes = (<usize>size) << 2;
  for (let i: u32 = 0; i < listed; i++) {
    const id = load<u32>(list + ((<usize>i) << 2));
    store<u32>(marks + ((<usize>id) << 2), 0);
    const row = <usize>id * bytes;
    const from = embeddings + <usize>i * bytes;
    adamStep(table + row, from, tableM + row, tableV + row, size, step, root, epsilon, decay);
    const one = (<usize>id) << 2;
    const g = load<f32>(wides + ((<usize>i) << 2));
    const first = BETA1 * load<f32>(wideM + one) + (1 - BETA1) * g;
    const second = BETA2 * load<f32>(wideV + one) + (1 - BETA2) * g * g;
    const w = load<f32>(wide + one);
    store<f32>(wideM + one, first);
    store<f32>(wideV + one, second);
    store<f32>(wide + one, w - ((step * first) / (sqrt<f32>(second) * root + epsilon) + decay * w));
  }
}
