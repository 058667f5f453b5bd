// Dense layers: forward, backward with respect to inputs and to weights.
//
// Rows stand in blocks of 8: a block holds, for each feature in turn, its values in the 8 rows (32 bytes). Weights stand in
// panels of 4 outputs: a panel holds, for each input in turn, the weights from it to the panel's outputs (16 bytes). So all
// that the inner loops read lies one after the other. Each output is summed over its inputs in their order, starting from
// its bias: a row's result depends on no other row, nor on the number of rows.

/** What becomes of a sum: kept as it is. */
const KEEP: u32 = 0;
/** max(0, sum). */
const RELU: u32 = 1;
/** sum * scale where the activation at the same place is above 0, else 0: the derivative of ReLU and of dropout. */
const MASK: u32 = 2;

// @ts-ignore: decorator
@inline
function finish(to: usize, offset: usize, sum: v128, mode: u32, activations: usize, scale: v128): void {
  let result = sum;
  if (mode == RELU) {
    result = f32x4.max(sum, f32x4.splat(0));
  } else if (mode == MASK) {
    result = v128.and(f32x4.mul(sum, scale), f32x4.gt(v128.load(activations + offset), f32x4.splat(0)));
  }
  v128.store(to + offset, result);
}

/**
 * y[n] = finish(bias[n] + Σ_k x[k] w[k][n]) for each row of `blocks` blocks.
 * `inputs`, `outputs`: features of a block of x and of y; outputs are a multiple of 4. `bias` 0: none.
 * mode MASK reads `activations`, laid out as y is.
 */
export function denseForward(
  x: usize,
  blocks: u32,
  inputs: u32,
  outputs: u32,
  panels: usize,
  bias: usize,
  y: usize,
  mode: u32,
  activations: usize,
  scale: f32,
): void {
  const panelBytes = (<usize>inputs) << 4;
  const xBytes = (<usize>inputs) << 5;
  const yBytes = (<usize>outputs) << 5;
  const xEnd = x + <usize>blocks * xBytes;
  const scales = f32x4.splat(scale);
  const columns = (<usize>outputs) << 2;
  for (let column: usize = 0; column < columns; column += 16) {
    const panel = panels + (column >> 4) * panelBytes;
    const panelEnd = panel + panelBytes;
    let bias0 = f32x4.splat(0);
    let bias1 = bias0;
    let bias2 = bias0;
    let bias3 = bias0;
    if (bias != 0) {
      bias0 = v128.load32_splat(bias + column);
      bias1 = v128.load32_splat(bias + column, 4);
      bias2 = v128.load32_splat(bias + column, 8);
      bias3 = v128.load32_splat(bias + column, 12);
    }
    let to = column << 3;
    let at = x;
    while (at < xEnd) {
      let a0 = bias0;
      let b0 = bias0;
      let a1 = bias1;
      let b1 = bias1;
      let a2 = bias2;
      let b2 = bias2;
      let a3 = bias3;
      let b3 = bias3;
      for (let w = panel; w < panelEnd; w += 16) {
        const xa = v128.load(at);
        const xb = v128.load(at, 16);
        const w0 = v128.load32_splat(w);
        a0 = f32x4.add(a0, f32x4.mul(w0, xa));
        b0 = f32x4.add(b0, f32x4.mul(w0, xb));
        const w1 = v128.load32_splat(w, 4);
        a1 = f32x4.add(a1, f32x4.mul(w1, xa));
        b1 = f32x4.add(b1, f32x4.mul(w1, xb));
        const w2 = v128.load32_splat(w, 8);
        a2 = f32x4.add(a2, f32x4.mul(w2, xa));
        b2 = f32x4.add(b2, f32x4.mul(w2, xb));
        const w3 = v128.load32_splat(w, 12);
        a3 = f32x4.add(a3, f32x4.mul(w3, xa));
        b3 = f32x4.add(b3, f32x4.mul(w3, xb));
        at += 32;
      }
      finish(y, to, a0, mode, activations, scales);
      finish(y, to + 16, b0, mode, activations, scales);
      finish(y, to + 32, a1, mode, activations, scales);
      finish(y, to + 48, b1, mode, activations, scales);
      finish(y, to + 64, a2, mode, activations, scales);
      finish(y, to + 80, b2, mode, activations, scales);
      finish(y, to + 96, a3, mode, activations, scales);
      finish(y, to + 112, b3, mode, activations, scales);
      to += yBytes;
    }
  }
}

/** The sums of the lanes of four vectors, each in the order (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  const ab = f32x4.add(ab0, ab2);
  const cd = f32x4.add(cd0, cd2);
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * gradients[k][n] += Σ_r x[r][k] dy[r][n] (in panels, as the weights are), biasGradients[n] += Σ_r dy[r][n], over the rows
 * of `blocks` blocks; dy of rows that do not count is 0. Inputs are a multiple of 2, outputs of 4.
 */
export function denseGradients(
  x: usize,
  blocks: u32,
  inputs: u32,
  dy: usize,
  outputs: u32,
  gradients: usize,
  biasGradients: usize,
): void {
  const xBytes = (<usize>inputs) << 5;
  const yBytes = (<usize>outputs) << 5;
  const yEnd = <usize>blocks * yBytes;
  const columns = (<usize>outputs) << 2;
  let g = gradients;
  for (let column: usize = 0; column < columns; column += 16) {
    const from = dy + (column << 3);
    const end = from + yEnd;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let d = from; d < end; d += yBytes) {
      s0 = f32x4.add(s0, f32x4.add(v128.load(d), v128.load(d, 16)));
      s1 = f32x4.add(s1, f32x4.add(v128.load(d, 32), v128.load(d, 48)));
      s2 = f32x4.add(s2, f32x4.add(v128.load(d, 64), v128.load(d, 80)));
      s3 = f32x4.add(s3, f32x4.add(v128.load(d, 96), v128.load(d, 112)));
    }
    const sums = laneSums(s0, s1, s2, s3);
    v128.store(biasGradients + column, f32x4.add(v128.load(biasGradients + column), sums));
    for (let xk: usize = 0; xk < xBytes; xk += 64) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = a0;
      let b1 = a0;
      let b2 = a0;
      let b3 = a0;
      let at = x + xk;
      for (let d = from; d < end; d += yBytes) {
        const xa = v128.load(at);
        const xb = v128.load(at, 32);
        const d0 = v128.load(d);
        a0 = f32x4.add(a0, f32x4.mul(d0, xa));
        b0 = f32x4.add(b0, f32x4.mul(d0, xb));
        const d1 = v128.load(d, 32);
        a1 = f32x4.add(a1, f32x4.mul(d1, xa));
        b1 = f32x4.add(b1, f32x4.mul(d1, xb));
        const d2 = v128.load(d, 64);
        a2 = f32x4.add(a2, f32x4.mul(d2, xa));
        b2 = f32x4.add(b2, f32x4.mul(d2, xb));
        const d3 = v128.load(d, 96);
        a3 = f32x4.add(a3, f32x4.mul(d3, xa));
        b3 = f32x4.add(b3, f32x4.mul(d3, xb));
        const xc = v128.load(at, 16);
        const xd = v128.load(at, 48);
        const e0 = v128.load(d, 16);
        a0 = f32x4.add(a0, f32x4.mul(e0, xc));
        b0 = f32x4.add(b0, f32x4.mul(e0, xd));
        const e1 = v128.load(d, 48);
        a1 = f32x4.add(a1, f32x4.mul(e1, xc));
        b1 = f32x4.add(b1, f32x4.mul(e1, xd));
        const e2 = v128.load(d, 80);
        a2 = f32x4.add(a2, f32x4.mul(e2, xc));
        b2 = f32x4.add(b2, f32x4.mul(e2, xd));
        const e3 = v128.load(d, 112);
        a3 = f32x4.add(a3, f32x4.mul(e3, xc));
        b3 = f32x4.add(b3, f32x4.mul(e3, xd));
        at += xBytes;
      }
      v128.store(g, f32x4.add(v128.load(g), laneSums(a0, a1, a2, a3)));
      v128.store(g, f32x4.add(v128.load(g, 16), laneSums(b0, b1, b2, b3)), 16);
      g += 32;
    }
  }
}

/**
 * The panels of the transposed weights of the inputs from `first` on: target[n][k - first] = panels[k][n]. Inputs, outputs and
 * `first` are multiples of 4.
 */
export function transposePanels(panels: usize, inputs: u32, outputs: u32, first: u32, target: usize): void {
  const panelBytes = (<usize>inputs) << 4;
  const targetBytes = (<usize>outputs) << 4;
  for (let n: u32 = 0; n < outputs; n += 4) {
    let from = panels + (<usize>(n >> 2)) * panelBytes + ((<usize>first) << 4);
    let to = target + ((<usize>n) << 4);
    for (let k = first; k < inputs; k += 4) {
      const a = v128.load(from);
      const b = v128.load(from, 16);
      const c = v128.load(from, 32);
      const d = v128.load(from, 48);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7), 48);
      from += 64;
      to += targetBytes;
    }
  }
}
