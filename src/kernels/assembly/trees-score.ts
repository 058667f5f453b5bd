// Scores of rows by an ensemble of trees.
//
// A row is prepared as a list of columns, 4 bytes each: column 0 is 0; then for each pair of feature and side of the missing
// that the trees ask for, the value, with NaN as -∞ where the missing go left and +∞ where they go right, so that a node is
// one comparison; then for each slot the number of its category.
//
// A node is 8 bytes: the threshold (f32), or the byte offset of its set; the column (u16); the distance to its left child
// (u16), right of which the right child stands. A leaf compares column 0 with +∞ and its distance is 0: it stays where it is,
// so that all rows of a tree take the same number of steps, and eight of them go side by side.

const ROWS_ASIDE: u32 = 8;

/**
 * Prepares `rows` rows. `plan`: for each value column u32: 2 · feature + (1: missing right). `maps`: for each slot column u32
 * slot, u32 mask, u32 byte offset of its table from `tables`: open addressing, (bucket, category) u32 pairs, bucket 0 is free.
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
  tables: usize,
  out: usize,
): void {
  const infinity = f32.MAX_VALUE * 2;
  for (let r: u32 = 0; r < rows; r++) {
    store<u32>(out, 0);
    out += 4;
    for (let c: u32 = 0; c < values; c++) {
      const entry = load<u32>(plan + ((<usize>c) << 2));
      const x = load<f32>(dense + ((<usize>(entry >> 1)) << 2));
      const missing = entry & 1 ? infinity : -infinity;
      store<f32>(out, select<f32>(x, missing, x == x));
      out += 4;
    }
    for (let s: u32 = 0; s < slots; s++) {
      const map = maps + <usize>s * 12;
      const bucket = load<u32>(sparse + ((<usize>load<u32>(map)) << 2));
      const mask = load<u32>(map, 4);
      const table = tables + load<u32>(map, 8);
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
      store<u32>(out, category);
      out += 4;
    }
    dense += (<usize>denseWidth) << 2;
    sparse += (<usize>sparseWidth) << 2;
  }
}

// @ts-ignore: decorator
@inline
function step(node: usize, row: usize): usize {
  const x = load<f32>(row + ((<usize>load<u16>(node, 4)) << 2));
  return node + (((<usize>load<u16>(node, 6)) + <usize>(x > load<f32>(node))) << 3);
}

// The same where the column may be a slot: bit `category` of the set says whether it goes right.
// @ts-ignore: decorator
@inline
function stepMixed(node: usize, row: usize, firstSlot: u32, sets: usize): usize {
  const column = load<u16>(node, 4);
  const at = row + ((<usize>column) << 2);
  const bits = load<u32>(at);
  const isSlot = <u32>(<u32>column >= firstSlot);
  const set = sets + <usize>(load<u32>(node) & (0 - isSlot));
  const member = (load<u32>(set + ((bits & 0xe0) >> 3)) >> (bits & 31)) & 1;
  const right = select<u32>(member, <u32>(load<f32>(at) > load<f32>(node)), isSlot);
  return node + (<usize>(<u32>load<u16>(node, 6) + right) << 3);
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
  firstSlot: u32,
  sets: usize,
  base: f64,
  out: usize,
): void {
  const bytes = (<usize>stride) << 2;
  const padded = (rows + ROWS_ASIDE - 1) & ~(ROWS_ASIDE - 1);
  for (let r: u32 = 0; r < padded; r++) store<f64>(out + ((<usize>r) << 3), base);
  for (let t: u32 = 0; t < count; t++) {
    const tree = trees + ((<usize>t) << 4);
    const root = <usize>load<u32>(tree);
    const depth = load<u32>(tree, 4);
    const mixed = load<u32>(tree, 8) != 0;
    const values = <usize>load<u32>(tree, 12);
    let row = columns;
    let to = out;
    for (let r: u32 = 0; r < padded; r += ROWS_ASIDE) {
      const row1 = row + bytes;
      const row2 = row1 + bytes;
      const row3 = row2 + bytes;
      const row4 = row3 + bytes;
      const row5 = row4 + bytes;
      const row6 = row5 + bytes;
      const row7 = row6 + bytes;
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
          n0 = stepMixed(n0, row, firstSlot, sets);
          n1 = stepMixed(n1, row1, firstSlot, sets);
          n2 = stepMixed(n2, row2, firstSlot, sets);
          n3 = stepMixed(n3, row3, firstSlot, sets);
          n4 = stepMixed(n4, row4, firstSlot, sets);
          n5 = stepMixed(n5, row5, firstSlot, sets);
          n6 = stepMixed(n6, row6, firstSlot, sets);
          n7 = stepMixed(n7, row7, firstSlot, sets);
        }
      } else {
        for (let d = depth; d > 0; d--) {
          n0 = step(n0, row);
          n1 = step(n1, row1);
          n2 = step(n2, row2);
          n3 = step(n3, row3);
          n4 = step(n4, row4);
          n5 = step(n5, row5);
          n6 = step(n6, row6);
          n7 = step(n7, row7);
        }
      }
      v128.store(to, f64x2.add(v128.load(to), f64x2(load<f64>(values + n0 - root), load<f64>(values + n1 - root))));
      v128.store(to, f64x2.add(v128.load(to, 16), f64x2(load<f64>(values + n2 - root), load<f64>(values + n3 - root))), 16);
      v128.store(to, f64x2.add(v128.load(to, 32), f64x2(load<f64>(values + n4 - root), load<f64>(values + n5 - root))), 32);
      v128.store(to, f64x2.add(v128.load(to, 48), f64x2(load<f64>(values + n6 - root), load<f64>(values + n7 - root))), 48);
      row = row7 + bytes;
      to += 64;
    }
  }
}
