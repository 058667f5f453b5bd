// Scores of rows by an ensemble of trees.
//
// Rows are prepared in groups of eight, as columns of eight lanes of 4 bytes: first where each lane's column 0 stands, itself;
// then for each slot the address of what its nodes say to the row's category, a byte a node (see kernels/trees.ts); then 0;
// then for each pair of feature and side of the missing that the trees ask for, the value, with NaN as -∞ where the missing go
// left and +∞ where they go right. So a node is one comparison, and a lane is an offset that the instruction holds.
//
// A node is 16 bytes: the threshold (f32), where its value stands in what the row's pointer points at (u32, bytes), the column
// of that pointer (u16, bytes; 0 points at the row itself), the distance to its left child (u16), right of which the right
// child stands; 4 bytes are free. A leaf compares 0 with +∞ and its distance is 0: it stays where it is, so that all rows of a
// tree take the same number of steps, and eight of them go side by side.

const ROWS_ASIDE: u32 = 8;
// Bytes of a column of eight lanes.
const COLUMN: usize = 32;

/**
 * Prepares `rows` rows. `plan`: for each value column u32: 2 · feature + (1: missing right). `maps`: for each slot column five
 * u32: slot, mask and address of its table (open addressing, (bucket, category) u32 pairs, bucket 0 is free), address of what
 * its nodes say to category 0, and bytes from category to category.
 */
export function prepareRows(
  dense: usize,
  denseWidth: u32,
  sparse: usize,
  sparseWidth: u32,
  rows: u32,
  plan: usize,
  values: u32,
  maps: usize,
  slots: u32,
  out: usize,
): void {
  const infinity = f32.MAX_VALUE * 2;
  const columns = <usize>(2 + slots + values);
  for (let r: u32 = 0; r < rows; r++) {
    let to = out + <usize>(r >> 3) * columns * COLUMN + ((<usize>(r & 7)) << 2);
    store<u32>(to, <u32>to);
    to += COLUMN;
    for (let s: u32 = 0; s < slots; s++) {
      const map = maps + <usize>s * 20;
      const bucket = load<u32>(sparse + ((<usize>load<u32>(map)) << 2));
      const mask = load<u32>(map, 4);
      const table = <usize>load<u32>(map, 8);
      let category: u32 = 0;
      if (bucket != 0) {
        let at = (bucket * 0x9e3779b1) >> 16;
        for (;;) {
          const entry = table + ((<usize>(at & mask)) << 3);
          const key = load<u32>(entry);
          if (key == bucket) {
            category = load<u32>(entry, 4);
            break;
          }
          if (key == 0) break;
          at++;
        }
      }
      store<u32>(to, load<u32>(map, 12) + category * load<u32>(map, 16));
      to += COLUMN;
    }
    store<u32>(to, 0);
    to += COLUMN;
    for (let c: u32 = 0; c < values; c++) {
      const entry = load<u32>(plan + ((<usize>c) << 2));
      const x = load<f32>(dense + ((<usize>(entry >> 1)) << 2));
      const missing = entry & 1 ? infinity : -infinity;
      store<f32>(to, select<f32>(x, missing, x == x));
      to += COLUMN;
    }
    dense += (<usize>denseWidth) << 2;
    sparse += (<usize>sparseWidth) << 2;
  }
}

// @ts-ignore: decorator
@inline
function next(node: usize, x: f32): usize {
  return node + ((<usize>load<u16>(node, 10) + <usize>(x > load<f32>(node))) << 4);
}

// A step of a tree that asks no slot; `lane` is the address of the row's lane.
// @ts-ignore: decorator
@inline
function step(node: usize, lane: usize): usize {
  return next(node, load<f32>(lane + <usize>load<u32>(node, 4)));
}

// @ts-ignore: decorator
@inline
function stepMixed(node: usize, lane: usize): usize {
  return next(node, load<f32>(<usize>load<u32>(lane + <usize>load<u16>(node, 8)) + <usize>load<u32>(node, 4)));
}

/**
 * out[r] = base + Σ_t the value of the leaf that row r reaches in tree t, f64, trees in order. `rows` is padded to a multiple
 * of 8 by whatever stands there. `trees`: for each u32 address of its first node, u32 depth, u32 1 where a node asks a slot,
 * u32 address of its values: one f64 a node.
 */
export function scoreRows(
  columns: usize,
  stride: u32,
  rows: u32,
  trees: usize,
  count: u32,
  base: f64,
  out: usize,
): void {
  const bytes = <usize>stride * COLUMN;
  const padded = (rows + ROWS_ASIDE - 1) & ~(ROWS_ASIDE - 1);
  for (let r: u32 = 0; r < padded; r++) store<f64>(out + ((<usize>r) << 3), base);
  for (let t: u32 = 0; t < count; t++) {
    const tree = trees + ((<usize>t) << 4);
    const root = <usize>load<u32>(tree);
    const depth = load<u32>(tree, 4);
    const mixed = load<u32>(tree, 8) != 0;
    const values = <usize>load<u32>(tree, 12);
    let group = columns;
    let to = out;
    for (let r: u32 = 0; r < padded; r += ROWS_ASIDE) {
      let n0 = root;
      let n1 = root;
      let n2 = root;
      let n3 = root;
      let n4 = root;
      let n5 = root;
      let n6 = root;
      let n7 = root;
      if (mixed) {
        for (let d = depth; d > 0; d--) {
          n0 = stepMixed(n0, group);
          n1 = stepMixed(n1, group + 4);
          n2 = stepMixed(n2, group + 8);
          n3 = stepMixed(n3, group + 12);
          n4 = stepMixed(n4, group + 16);
          n5 = stepMixed(n5, group + 20);
          n6 = stepMixed(n6, group + 24);
          n7 = stepMixed(n7, group + 28);
        }
      } else {
        for (let d = depth; d > 0; d--) {
          n0 = step(n0, group);
          n1 = step(n1, group + 4);
          n2 = step(n2, group + 8);
          n3 = step(n3, group + 12);
          n4 = step(n4, group + 16);
          n5 = step(n5, group + 20);
          n6 = step(n6, group + 24);
          n7 = step(n7, group + 28);
        }
      }
      v128.store(to, f64x2.add(v128.load(to), f64x2(load<f64>(values + ((n0 - root) >> 1)), load<f64>(values + ((n1 - root) >> 1)))));
      v128.store(to, f64x2.add(v128.load(to, 16), f64x2(load<f64>(values + ((n2 - root) >> 1)), load<f64>(values + ((n3 - root) >> 1)))), 16);
      v128.store(to, f64x2.add(v128.load(to, 32), f64x2(load<f64>(values + ((n4 - root) >> 1)), load<f64>(values + ((n5 - root) >> 1)))), 32);
      v128.store(to, f64x2.add(v128.load(to, 48), f64x2(load<f64>(values + ((n6 - root) >> 1)), load<f64>(values + ((n7 - root) >> 1)))), 48);
      group += bytes;
      to += 64;
    }
  }
}
