// Dot products of one query with many rows, and the k best rows.

/**
 * The sum of a vector's four lanes in one fixed order: (0 + 2) + (1 + 3).
 */
// @ts-ignore: decorator
@inline
export function lanesSum(x: v128): f32 {
  const folded = f32x4.add(x, i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return f32x4.extract_lane(folded, 0) + f32x4.extract_lane(folded, 1);
}

// @ts-ignore: decorator
@inline
function dotOne(row: usize, query: usize, bytes: usize): f32 {
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(row + at), v128.load(query + at)));
    odd = f32x4.add(odd, f32x4.mul(v128.load(row + at, 16), v128.load(query + at, 16)));
  }
  return lanesSum(f32x4.add(even, odd));
}

/** out[r] = matrix[r] · query, for `rows` rows. Four rows at a time share the loads of the query; each row adds in the order of dotOne. */
export function dotRows(matrix: usize, rows: u32, stride: u32, query: usize, out: usize): void {
  const bytes = (<usize>stride) << 2;
  const end = matrix + <usize>rows * bytes;
  let row = matrix;
  let to = out;
  while (row + 4 * bytes <= end) {
    const row1 = row + bytes;
    const row2 = row1 + bytes;
    const row3 = row2 + bytes;
    let even0 = f32x4.splat(0);
    let even1 = f32x4.splat(0);
    let even2 = f32x4.splat(0);
    let even3 = f32x4.splat(0);
    let odd0 = f32x4.splat(0);
    let odd1 = f32x4.splat(0);
    let odd2 = f32x4.splat(0);
    let odd3 = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 32) {
      const q0 = v128.load(query + at);
      even0 = f32x4.add(even0, f32x4.mul(v128.load(row + at), q0));
      even1 = f32x4.add(even1, f32x4.mul(v128.load(row1 + at), q0));
      even2 = f32x4.add(even2, f32x4.mul(v128.load(row2 + at), q0));
      even3 = f32x4.add(even3, f32x4.mul(v128.load(row3 + at), q0));
      const q1 = v128.load(query + at, 16);
      odd0 = f32x4.add(odd0, f32x4.mul(v128.load(row + at, 16), q1));
      odd1 = f32x4.add(odd1, f32x4.mul(v128.load(row1 + at, 16), q1));
      odd2 = f32x4.add(odd2, f32x4.mul(v128.load(row2 + at, 16), q1));
      odd3 = f32x4.add(odd3, f32x4.mul(v128.load(row3 + at, 16), q1));
    }
    store<f32>(to, lanesSum(f32x4.add(even0, odd0)));
    store<f32>(to, lanesSum(f32x4.add(even1, odd1)), 4);
    store<f32>(to, lanesSum(f32x4.add(even2, odd2)), 8);
    store<f32>(to, lanesSum(f32x4.add(even3, odd3)), 12);
    row += 4 * bytes;
    to += 16;
  }
  while (row < end) {
    store<f32>(to, dotOne(row, query, bytes));
    row += bytes;
    to += 4;
  }
}

/** out[i] = matrix[index[i]] · query, for `count` 32-bit row numbers. */
export function dotGather(matrix: usize, stride: u32, index: usize, count: u32, query: usize, out: usize): void {
  const bytes = (<usize>stride) << 2;
  for (let i: u32 = 0; i < count; i++) {
    const row = matrix + <usize>load<u32>(index + ((<usize>i) << 2)) * bytes;
    store<f32>(out + ((<usize>i) << 2), dotOne(row, query, bytes));
  }
}

const BLOCK: u32 = 256;

// A candidate is worse than another when its score is lower, or equal and its row later.
// @ts-ignore: decorator
@inline
function worse(score: f32, row: u32, otherScore: f32, otherRow: u32): bool {
  return score < otherScore || (score == otherScore && row > otherRow);
}

// Heap with the worst at its root: entry i is a row number at rowsAt + 4i and its score at scoresAt + 4i.
function siftDown(rowsAt: usize, scoresAt: usize, size: u32, row: u32, score: f32): void {
  let hole: u32 = 0;
  for (;;) {
    let child: u32 = 2 * hole + 1;
    if (child >= size) break;
    const left = (<usize>child) << 2;
    let childRow = load<u32>(rowsAt + left);
    let childScore = load<f32>(scoresAt + left);
    if (child + 1 < size) {
      const rightRow = load<u32>(rowsAt + left, 4);
      const rightScore = load<f32>(scoresAt + left, 4);
      if (worse(rightScore, rightRow, childScore, childRow)) {
        child++;
        childRow = rightRow;
        childScore = rightScore;
      }
    }
    if (!worse(childScore, childRow, score, row)) break;
    const at = (<usize>hole) << 2;
    store<u32>(rowsAt + at, childRow);
    store<f32>(scoresAt + at, childScore);
    hole = child;
  }
  const at = (<usize>hole) << 2;
  store<u32>(rowsAt + at, row);
  store<f32>(scoresAt + at, score);
}

function siftUp(rowsAt: usize, scoresAt: usize, from: u32, row: u32, score: f32): void {
  let hole = from;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const above = (<usize>parent) << 2;
    const parentRow = load<u32>(rowsAt + above);
    const parentScore = load<f32>(scoresAt + above);
    if (!worse(score, row, parentScore, parentRow)) break;
    const at = (<usize>hole) << 2;
    store<u32>(rowsAt + at, parentRow);
    store<f32>(scoresAt + at, parentScore);
    hole = parent;
  }
  const at = (<usize>hole) << 2;
  store<u32>(rowsAt + at, row);
  store<f32>(scoresAt + at, score);
}

/**
 * The k rows with the largest matrix[r] · query, best first, equal scores by row number; returns how many (fewer when
 * there are fewer rows; rows whose score is NaN are left out). `scratch`: 256 floats.
 * `bounds`: for each block of 256 rows the largest norm in it. By Cauchy and Schwarz no row of a block can score above
 * bound * |query|: once k rows are found, blocks that cannot reach the worst of them are passed over. `reach` is the
 * query's norm with an allowance for rounding. Nothing is lost; with long rows first most blocks are passed over.
 */
export function topRows(
  matrix: usize,
  rows: u32,
  stride: u32,
  query: usize,
  k: u32,
  outRows: usize,
  outScores: usize,
  scratch: usize,
  bounds: usize,
  reach: f32,
): u32 {
  if (k == 0) return 0;
  const bytes = (<usize>stride) << 2;
  let size: u32 = 0;
  let floor: f32 = 0;
  for (let block: u32 = 0; block < rows; block += BLOCK) {
    if (size == k && load<f32>(bounds + ((<usize>(block / BLOCK)) << 2)) * reach < floor) continue;
    const n = min(BLOCK, rows - block);
    dotRows(matrix + <usize>block * bytes, n, stride, query, scratch);
    for (let i: u32 = 0; i < n; i++) {
      const score = load<f32>(scratch + ((<usize>i) << 2));
      if (size < k) {
        if (score != score) continue;
        siftUp(outRows, outScores, size, block + i, score);
        size++;
        floor = load<f32>(outScores);
      } else if (score > floor) {
        siftDown(outRows, outScores, size, block + i, score);
        floor = load<f32>(outScores);
      }
    }
  }
  // Heap sort in place: the worst goes to the end of what is left.
  for (let left = size; left > 1; left--) {
    const last = (<usize>(left - 1)) << 2;
    const row = load<u32>(outRows + last);
    const score = load<f32>(outScores + last);
    store<u32>(outRows + last, load<u32>(outRows));
    store<f32>(outScores + last, load<f32>(outScores));
    siftDown(outRows, outScores, left - 1, row, score);
  }
  return size;
}
