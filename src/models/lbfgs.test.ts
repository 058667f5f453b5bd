import { expect, test } from 'vitest';
import { minimise, type Objective } from './lbfgs.ts';

const never = async (): Promise<void> => {};

test('finds the minimum of a badly scaled quadratic', async () => {
  const scales = [1e-3, 1, 40, 1e4];
  const target = [3, -2, 0.5, 1];
  const objective: Objective = {
    size: 4,
    evaluate(x, gradient) {
      let value = 0;
      scales.forEach((scale, i) => {
        gradient[i] = scale * (x[i] - target[i]);
        value += (scale / 2) * (x[i] - target[i]) ** 2;
      });
      return value;
    },
  };
  const x = new Float64Array(4);
  const iterations = await minimise(objective, x, { iterations: 100, tolerance: 1e-10, pause: never });
  expect(iterations).toBeLessThan(60);
  for (let i = 0; i < 4; i++) expect(x[i]).toBeCloseTo(target[i], 5);
});

test('stays where the gradient is zero, and stops when a pause rejects', async () => {
  const objective: Objective = {
    size: 1,
    evaluate(x, gradient) {
      gradient[0] = 2 * (x[0] - 5);
      return (x[0] - 5) ** 2;
    },
  };
  expect(await minimise(objective, Float64Array.of(5), { iterations: 9, tolerance: 1e-12, pause: never })).toBe(0);
  const stopping = minimise(objective, Float64Array.of(0), {
    iterations: 9,
    tolerance: 1e-12,
    pause: () => Promise.reject(new Error('enough')),
  });
  await expect(stopping).rejects.toThrow('enough');
});

test('with a penalty on |x|: the minimum of each separate coordinate is the soft-thresholded one', async () => {
  const targets = Float64Array.of(3, -2, 0.4, -0.3, 1, 0);
  const curvatures = Float64Array.of(1, 2, 1, 5, 10, 1);
  const objective: Objective = {
    size: 6,
    evaluate: (x, gradient) => {
      let value = 0;
      for (let i = 0; i < 6; i++) {
        gradient[i] = curvatures[i] * (x[i] - targets[i]);
        value += (curvatures[i] / 2) * (x[i] - targets[i]) ** 2;
      }
      return value;
    },
  };
  const x = new Float64Array(6);
  await minimise(objective, x, { iterations: 100, tolerance: 1e-10, l1: 1, free: 1, pause: async () => {} });
  const expected = targets.map((target, i) =>
    i === 0 ? target : Math.sign(target) * Math.max(0, Math.abs(target) - 1 / curvatures[i]),
  );
  x.forEach((xi, i) => {
    expect(xi).toBeCloseTo(expected[i], 7);
  });
  expect([x[2], x[5]]).toEqual([0, 0]);
});
