// What stands before a network's first layer and after its last: standardised columns, embeddings of hashed slots, the logit.
// Blocks of 8 rows as in network-dense.ts.

/** Transposes 4 x 4: four rows to the places of four features, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function storeTransposed(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7), 96);
}

/** (raw - mean) * inverse within ±limit; a missing value counts as the mean. */
// @ts-ignore: decorator
@inline
function standardised(raw: v128, mean: v128, inverse: v128, limit: v128): v128 {
  const z = f32x4.mul(f32x4.sub(raw, mean), inverse);
  const known = v128.and(z, f32x4.eq(z, z));
  return f32x4.max(f32x4.neg(limit), f32x4.min(limit, known));
}

/**
 * Features 0 .. width - 1 of each block: the standardised columns. raw: 8 * blocks rows of `width` floats, row-major, with
 * 3 floats of room behind. means, inverses: padded with zeros to a multiple of 4, as the features are.
 */
export function placeColumns(
  raw: usize,
  blocks: u32,
  width: u32,
  means: usize,
  inverses: usize,
  limit: f32,
  x: usize,
  features: u32,
): void {
  const rowBytes = (<usize>width) << 2;
  const limits = f32x4.splat(limit);
  for (let block: u32 = 0; block < blocks; block++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const row1 = raw + rowBytes;
      const row2 = row1 + rowBytes;
      const row3 = row2 + rowBytes;
      for (let at: usize = 0; at < rowBytes; at += 16) {
        const mean = v128.load(means + at);
        const inverse = v128.load(inverses + at);
        storeTransposed(
          x + (at << 3) + half,
          standardised(v128.load(raw + at), mean, inverse, limits),
          standardised(v128.load(row1 + at), mean, inverse, limits),
          standardised(v128.load(row2 + at), mean, inverse, limits),
          standardised(v128.load(row3 + at), mean, inverse, limits),
        );
      }
      raw += 4 * rowBytes;
    }
    x += (<usize>features) << 5;
  }
}

/** Features `first` .. first + count - 1: 1 where the column columns[i] is missing, else 0. */
export function placeMissing(
  raw: usize,
  blocks: u32,
  width: u32,
  columns: usize,
  count: u32,
  x: usize,
  features: u32,
  first: u32,
): void {
  const rowBytes = (<usize>width) << 2;
  for (let block: u32 = 0; block < blocks; block++) {
    let to = x + ((<usize>first) << 5);
    for (let i: u32 = 0; i < count; i++) {
      let from = raw + ((<usize>load<u32>(columns + ((<usize>i) << 2))) << 2);
      for (let r: usize = 0; r < 32; r += 4) {
        const value = load<f32>(from);
        store<f32>(to + r, value == value ? <f32>0 : <f32>1);
        from += rowBytes;
      }
      to += 32;
    }
    raw += 8 * rowBytes;
    x += (<usize>features) << 5;
  }
}

/** The rows of the embedding table for buckets; 0 for a bucket of its own 0, out of range, or of a row that is no row. */
export function lookUp(buckets: usize, rows: u32, blocks: u32, slots: u32, rowOf: usize, bucketCount: u32, ids: usize): void {
  const real = rows * slots;
  for (let i: u32 = 0; i < real; i++) {
    const bucket = load<u32>(buckets + ((<usize>i) << 2));
    const id: u32 = bucket < bucketCount ? load<u32>(rowOf + ((<usize>bucket) << 2)) : 0;
    store<u32>(ids + ((<usize>i) << 2), id);
  }
  for (let i = real; i < blocks * 8 * slots; i++) store<u32>(ids + ((<usize>i) << 2), 0);
}

/** Features `first` ..: the embeddings of each row's slots one after the other; `size` floats each, a multiple of 4. */
export function placeEmbeddings(
  ids: usize,
  blocks: u32,
  slots: u32,
  table: usize,
  size: u32,
  x: usize,
  features: u32,
  first: u32,
): void {
  const bytes = (<usize>size) << 2;
  const rowBytes = (<usize>slots) << 2;
  for (let block: u32 = 0; block < blocks; block++) {
    for (let half: usize = 0; half < 32; half += 16) {
      let to = x + ((<usize>first) << 5) + half;
      for (let s: u32 = 0; s < slots; s++) {
        const at = ids + ((<usize>s) << 2);
        const e0 = table + <usize>load<u32>(at) * bytes;
        const e1 = table + <usize>load<u32>(at + rowBytes) * bytes;
        const e2 = table + <usize>load<u32>(at + 2 * rowBytes) * bytes;
        const e3 = table + <usize>load<u32>(at + 3 * rowBytes) * bytes;
        for (let c: usize = 0; c < bytes; c += 16) {
          storeTransposed(to, v128.load(e0 + c), v128.load(e1 + c), v128.load(e2 + c), v128.load(e3 + c));
          to += 128;
        }
      }
      ids += 4 * rowBytes;
    }
    x += (<usize>features) << 5;
  }
}

/** out[r] = bias + Σ_k weights[k] h[k][r] + Σ_s wide[ids[r][s]]: sums in this order. */
export function outputs(
  h: usize,
  blocks: u32,
  width: u32,
  weights: usize,
  bias: f32,
  ids: usize,
  slots: u32,
  wide: usize,
  out: usize,
): void {
  const bytes = (<usize>width) << 2;
  for (let block: u32 = 0; block < blocks; block++) {
    let a = f32x4.splat(bias);
    let b = a;
    for (let k: usize = 0; k < bytes; k += 4) {
      const w = v128.load32_splat(weights + k);
      a = f32x4.add(a, f32x4.mul(w, v128.load(h)));
      b = f32x4.add(b, f32x4.mul(w, v128.load(h, 16)));
      h += 32;
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    for (let r: usize = 0; r < 32; r += 4) {
      let sum: f32 = 0;
      for (let s: u32 = 0; s < slots; s++) {
        sum += load<f32>(wide + ((<usize>load<u32>(ids)) << 2));
        ids += 4;
      }
      store<f32>(out + r, load<f32>(out + r) + sum);
    }
    out += 32;
  }
}

/** out[r] = Σ_k y[k][r]². */
export function squaredNorms(y: usize, blocks: u32, width: u32, out: usize): void {
  for (let block: u32 = 0; block < blocks; block++) {
    let a = f32x4.splat(0);
    let b = a;
    for (let k: u32 = 0; k < width; k++) {
      const ya = v128.load(y);
      const yb = v128.load(y, 16);
      a = f32x4.add(a, f32x4.mul(ya, ya));
      b = f32x4.add(b, f32x4.mul(yb, yb));
      y += 32;
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    out += 32;
  }
}

/** y[k][r] = x[k][r] * factors[r]. */
export function scaleRows(x: usize, blocks: u32, width: u32, factors: usize, y: usize): void {
  for (let block: u32 = 0; block < blocks; block++) {
    const fa = v128.load(factors);
    const fb = v128.load(factors, 16);
    for (let k: u32 = 0; k < width; k++) {
      v128.store(y, f32x4.mul(v128.load(x), fa));
      v128.store(y, f32x4.mul(v128.load(x, 16), fb), 16);
      x += 32;
      y += 32;
    }
    factors += 32;
  }
}
