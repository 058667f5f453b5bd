// Dense layers: forward, backward with respect to inputs and to weights.
//
// Weights are kept in panels of 8 output columns: panel p holds, for each input k in turn, the weights from k to the outputs
// 8p .. 8p + 7. A panel of 64 inputs is 2 kB and is read in one direction, from the first-level cache, for all rows of a block.
// Each output is summed over its inputs in their order, starting from its bias: a row's result depends on no other row, nor
// on the number of rows. Rows are worked four at a time: `rows` is a multiple of 4, and what the rows beyond the real ones
// give is garbage that nobody reads.

/** What becomes of a sum: kept as it is. */
const KEEP: u32 = 0;
/** max(0, sum). */
const RELU: u32 = 1;
/** sum * scale where the activation at the same place is above 0, else 0: the derivative of ReLU and of dropout. */
const MASK: u32 = 2;

// @ts-ignore: decorator
@inline
function finish(sum: v128, mode: u32, activations: usize, at: usize, scale: v128): v128 {
  if (mode == RELU) return f32x4.max(sum, f32x4.splat(0));
  if (mode == MASK) {
    return v128.and(f32x4.mul(sum, scale), f32x4.gt(v128.load(activations + at), f32x4.splat(0)));
  }
  return sum;
}

/**
 * y[r][n] = finish(bias[n] + Σ_k x[r][k] w[k][n]) for `rows` rows and the panels of [fromPanel, toPanel).
 * xBytes, yBytes: bytes from row to row. `inputs`: how many k there are. `bias` may be 0: no bias.
 * mode MASK reads `activations`, laid out as y is.
 */
export function denseForward(
  x: usize,
  xBytes: usize,
  rows: u32,
  inputs: u32,
  panels: usize,
  bias: usize,
  y: usize,
  yBytes: usize,
  fromPanel: u32,
  toPanel: u32,
  mode: u32,
  activations: usize,
  scale: f32,
): void {
  const panelBytes = (<usize>inputs) << 5;
  const scales = f32x4.splat(scale);
  const end = y + <usize>rows * yBytes;
  for (let p = fromPanel; p < toPanel; p++) {
    const column = (<usize>p) << 5;
    const panel = panels + <usize>p * panelBytes;
    const panelEnd = panel + panelBytes;
    let biasA = f32x4.splat(0);
    let biasB = f32x4.splat(0);
    if (bias != 0) {
      biasA = v128.load(bias + column);
      biasB = v128.load(bias + column, 16);
    }
    let row = x;
    for (let to = y + column; to < end; to += 4 * yBytes) {
      let a0 = biasA;
      let a1 = biasA;
      let a2 = biasA;
      let a3 = biasA;
      let b0 = biasB;
      let b1 = biasB;
      let b2 = biasB;
      let b3 = biasB;
      let x0 = row;
      let x1 = row + xBytes;
      let x2 = x1 + xBytes;
      let x3 = x2 + xBytes;
      for (let w = panel; w < panelEnd; w += 32) {
        const wa = v128.load(w);
        const wb = v128.load(w, 16);
        const s0 = v128.load32_splat(x0);
        a0 = f32x4.add(a0, f32x4.mul(s0, wa));
        b0 = f32x4.add(b0, f32x4.mul(s0, wb));
        const s1 = v128.load32_splat(x1);
        a1 = f32x4.add(a1, f32x4.mul(s1, wa));
        b1 = f32x4.add(b1, f32x4.mul(s1, wb));
        const s2 = v128.load32_splat(x2);
        a2 = f32x4.add(a2, f32x4.mul(s2, wa));
        b2 = f32x4.add(b2, f32x4.mul(s2, wb));
        const s3 = v128.load32_splat(x3);
        a3 = f32x4.add(a3, f32x4.mul(s3, wa));
        b3 = f32x4.add(b3, f32x4.mul(s3, wb));
        x0 += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
      }
      const at = to - y;
      v128.store(to, finish(a0, mode, activations, at, scales));
      v128.store(to, finish(b0, mode, activations, at + 16, scales), 16);
      const to1 = to + yBytes;
      v128.store(to1, finish(a1, mode, activations, at + yBytes, scales));
      v128.store(to1, finish(b1, mode, activations, at + yBytes + 16, scales), 16);
      const to2 = to1 + yBytes;
      v128.store(to2, finish(a2, mode, activations, at + 2 * yBytes, scales));
      v128.store(to2, finish(b2, mode, activations, at + 2 * yBytes + 16, scales), 16);
      const to3 = to2 + yBytes;
      v128.store(to3, finish(a3, mode, activations, at + 3 * yBytes, scales));
      v128.store(to3, finish(b3, mode, activations, at + 3 * yBytes + 16, scales), 16);
      row += 4 * xBytes;
    }
  }
}

/**
 * gradients[k][n] += Σ_r x[r][k] dy[r][n] (panels, as the weights) and biasGradients[n] += Σ_r dy[r][n], rows in order.
 * `inputs` is a multiple of 4; `panelCount` panels; `rows` is any number.
 */
export function denseGradients(
  x: usize,
  xBytes: usize,
  rows: u32,
  inputs: u32,
  dy: usize,
  dyBytes: usize,
  gradients: usize,
  biasGradients: usize,
  panelCount: u32,
): void {
  const panelBytes = (<usize>inputs) << 5;
  const dyEnd = <usize>rows * dyBytes;
  for (let p: u32 = 0; p < panelCount; p++) {
    const column = (<usize>p) << 5;
    const from = dy + column;
    const end = from + dyEnd;
    let sumA = v128.load(biasGradients + column);
    let sumB = v128.load(biasGradients + column, 16);
    for (let d = from; d < end; d += dyBytes) {
      sumA = f32x4.add(sumA, v128.load(d));
      sumB = f32x4.add(sumB, v128.load(d, 16));
    }
    v128.store(biasGradients + column, sumA);
    v128.store(biasGradients + column, sumB, 16);
    const panel = gradients + <usize>p * panelBytes;
    const panelEnd = panel + panelBytes;
    let xk = x;
    for (let g = panel; g < panelEnd; g += 128) {
      let a0 = v128.load(g);
      let b0 = v128.load(g, 16);
      let a1 = v128.load(g, 32);
      let b1 = v128.load(g, 48);
      let a2 = v128.load(g, 64);
      let b2 = v128.load(g, 80);
      let a3 = v128.load(g, 96);
      let b3 = v128.load(g, 112);
      let at = xk;
      for (let d = from; d < end; d += dyBytes) {
        const da = v128.load(d);
        const db = v128.load(d, 16);
        const s0 = v128.load32_splat(at);
        a0 = f32x4.add(a0, f32x4.mul(s0, da));
        b0 = f32x4.add(b0, f32x4.mul(s0, db));
        const s1 = v128.load32_splat(at, 4);
        a1 = f32x4.add(a1, f32x4.mul(s1, da));
        b1 = f32x4.add(b1, f32x4.mul(s1, db));
        const s2 = v128.load32_splat(at, 8);
        a2 = f32x4.add(a2, f32x4.mul(s2, da));
        b2 = f32x4.add(b2, f32x4.mul(s2, db));
        const s3 = v128.load32_splat(at, 12);
        a3 = f32x4.add(a3, f32x4.mul(s3, da));
        b3 = f32x4.add(b3, f32x4.mul(s3, db));
        at += xBytes;
      }
      v128.store(g, a0);
      v128.store(g, b0, 16);
      v128.store(g, a1, 32);
      v128.store(g, b1, 48);
      v128.store(g, a2, 64);
      v128.store(g, b2, 80);
      v128.store(g, a3, 96);
      v128.store(g, b3, 112);
      xk += 16;
    }
  }
}

/** The panels of the transposed weights: target[k][n] = panels[n][k]. Inputs and outputs are multiples of 8. */
export function transposePanels(panels: usize, inputs: u32, outputs: u32, target: usize): void {
  const panelBytes = (<usize>inputs) << 5;
  const targetPanelBytes = (<usize>outputs) << 5;
  for (let n: u32 = 0; n < outputs; n++) {
    let from = panels + (<usize>(n >> 3)) * panelBytes + ((<usize>(n & 7)) << 2);
    let to = target + ((<usize>n) << 5);
    for (let k: u32 = 0; k < inputs; k += 8) {
      for (let i: usize = 0; i < 8; i++) {
        store<f32>(to + (i << 2), load<f32>(from));
        from += 32;
      }
      to += targetPanelBytes;
    }
  }
}
