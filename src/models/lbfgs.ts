/** Limited-memory BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.4) with a backtracking line search. */

export interface Objective {
  readonly size: number;
  /** The value at x; its gradient goes into `gradient`. */
  evaluate(x: Float64Array, gradient: Float64Array): number;
}

export interface MinimiseOptions {
  readonly iterations: number;
  /** Stops when no component of the gradient is larger. */
  readonly tolerance: number;
  /** Called after each iteration; what it awaits may abort. */
  readonly pause: (iteration: number) => Promise<void>;
}

const MEMORY = 10;
const HALVINGS = 30;

/** Minimises a smooth convex function from `x` on, in place. Returns the number of iterations. Deterministic. */
export async function minimise(objective: Objective, x: Float64Array, options: MinimiseOptions): Promise<number> {
  const { size } = objective;
  let gradient = new Float64Array(size);
  let nextGradient = new Float64Array(size);
  const next = new Float64Array(size);
  const direction = new Float64Array(size);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const curvatures: number[] = [];
  const alphas = new Float64Array(MEMORY);
  let value = objective.evaluate(x, gradient);

  for (let iteration = 0; iteration < options.iterations; iteration++) {
    if (largest(gradient) <= options.tolerance) return iteration;
    for (let i = 0; i < size; i++) direction[i] = -gradient[i];
    for (let m = steps.length - 1; m >= 0; m--) {
      alphas[m] = dot(steps[m], direction) / curvatures[m];
      addScaled(direction, changes[m], -alphas[m]);
    }
    const last = steps.length - 1;
    if (last >= 0) scale(direction, curvatures[last] / dot(changes[last], changes[last]));
    for (let m = 0; m < steps.length; m++) {
      addScaled(direction, steps[m], alphas[m] - dot(changes[m], direction) / curvatures[m]);
    }
    const slope = dot(gradient, direction);
    let step = last >= 0 ? 1 : 1 / Math.sqrt(dot(gradient, gradient));
    let improved = false;
    for (let halving = 0; halving < HALVINGS; halving++, step /= 2) {
      for (let i = 0; i < size; i++) next[i] = x[i] + step * direction[i];
      const nextValue = objective.evaluate(next, nextGradient);
      if (nextValue <= value + 1e-4 * step * slope) {
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
