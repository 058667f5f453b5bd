/**
 * Limited-memory BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.4) with a backtracking line search, and with a
 * penalty on |x| its orthant-wise form OWL-QN (Andrew & Gao 2007): a step never crosses a zero, but stops there.
 */

export interface Objective {
  readonly size: number;
  /** The value at x; its gradient goes into `gradient`. Smooth. */
  evaluate(x: Float64Array, gradient: Float64Array): number;
}

export interface MinimiseOptions {
  readonly iterations: number;
  /** Stops when no component of the gradient is larger. */
  readonly tolerance: number;
  /** Penalty on |x_i|, i >= free, beside the objective. @default 0 */
  readonly l1?: number;
  /** Coordinates that come first and are not penalised. @default 0 */
  readonly free?: number;
  /** Called after each iteration; what it awaits may abort. */
  readonly pause: (iteration: number) => Promise<void>;
}

const MEMORY = 10;
const HALVINGS = 30;

/** Minimises a smooth convex function, plus l1 |x|₁, from `x` on, in place. Returns the number of iterations. Deterministic. */
export async function minimise(objective: Objective, x: Float64Array, options: MinimiseOptions): Promise<number> {
  const { size } = objective;
  const penalty = new OrthantPenalty(options.l1 ?? 0, options.free ?? 0);
  let gradient = new Float64Array(size);
  let nextGradient = new Float64Array(size);
  const next = new Float64Array(size);
  const steepest = new Float64Array(size);
  const direction = new Float64Array(size);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const curvatures: number[] = [];
  const alphas = new Float64Array(MEMORY);
  let value = objective.evaluate(x, gradient) + penalty.of(x);

  for (let iteration = 0; iteration < options.iterations; iteration++) {
    penalty.pseudoGradient(x, gradient, steepest);
    if (largest(steepest) <= options.tolerance) return iteration;
    for (let i = 0; i < size; i++) direction[i] = -steepest[i];
    for (let m = steps.length - 1; m >= 0; m--) {
      alphas[m] = dot(steps[m], direction) / curvatures[m];
      addScaled(direction, changes[m], -alphas[m]);
    }
    const last = steps.length - 1;
    if (last >= 0) scale(direction, curvatures[last] / dot(changes[last], changes[last]));
    for (let m = 0; m < steps.length; m++) {
      addScaled(direction, steps[m], alphas[m] - dot(changes[m], direction) / curvatures[m]);
    }
    penalty.alignDirection(direction, steepest);
    let step = last >= 0 ? 1 : 1 / Math.sqrt(dot(steepest, steepest));
    let improved = false;
    for (let halving = 0; halving < HALVINGS; halving++, step /= 2) {
      for (let i = 0; i < size; i++) next[i] = x[i] + step * direction[i];
      penalty.stayInOrthant(x, steepest, next);
      const nextValue = objective.evaluate(next, nextGradient) + penalty.of(next);
      let slope = 0;
      for (let i = 0; i < size; i++) slope += steepest[i] * (next[i] - x[i]);
      if (nextValue <= value + 1e-4 * slope) {
        improved = nextValue < value;
        value = nextValue;
        break;
      }
    }
    if (!improved) return iteration;
    const kept = steps.length === MEMORY;
    const s = kept ? (steps.shift() as Float64Array) : new Float64Array(size);
    const y = kept ? (changes.shift() as Float64Array) : new Float64Array(size);
    if (kept) curvatures.shift();
    for (let i = 0; i < size; i++) {
      s[i] = next[i] - x[i];
      y[i] = nextGradient[i] - gradient[i];
    }
    x.set(next);
    [gradient, nextGradient] = [nextGradient, gradient];
    const curvature = dot(s, y);
    if (curvature > 0) {
      steps.push(s);
      changes.push(y);
      curvatures.push(curvature);
    }
    await options.pause(iteration);
  }
  return options.iterations;
}

/** l1 |x_i| for i >= free, and what its kinks ask of a step. Without a penalty everything is as if it were not there. */
class OrthantPenalty {
  private readonly l1: number;
  private readonly free: number;

  constructor(l1: number, free: number) {
    this.l1 = l1;
    this.free = free;
  }

  of(x: Float64Array): number {
    if (this.l1 === 0) return 0;
    let sum = 0;
    for (let i = this.free; i < x.length; i++) sum += Math.abs(x[i]);
    return this.l1 * sum;
  }

  /** The gradient with the penalty; at a zero, the side that descends, or 0 where neither does. */
  pseudoGradient(x: Float64Array, gradient: Float64Array, out: Float64Array): void {
    out.set(gradient);
    const { l1 } = this;
    if (l1 === 0) return;
    for (let i = this.free; i < x.length; i++) {
      const g = gradient[i];
      if (x[i] > 0) out[i] = g + l1;
      else if (x[i] < 0) out[i] = g - l1;
      else out[i] = Math.min(0, g + l1) + Math.max(0, g - l1);
    }
  }

  /** Takes out of the direction what does not descend. */
  alignDirection(direction: Float64Array, steepest: Float64Array): void {
    if (this.l1 === 0) return;
    for (let i = this.free; i < direction.length; i++) if (direction[i] * steepest[i] >= 0) direction[i] = 0;
  }

  /** Stops at zero each coordinate that would leave the orthant of x (at a zero: of where the penalised slope falls). */
  stayInOrthant(x: Float64Array, steepest: Float64Array, next: Float64Array): void {
    if (this.l1 === 0) return;
    for (let i = this.free; i < x.length; i++) {
      const side = x[i] === 0 ? -steepest[i] : x[i];
      if (next[i] * side <= 0) next[i] = 0;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
}

function scale(a: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] *= factor;
}

function largest(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]));
  return most;
}
