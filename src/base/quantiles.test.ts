/** The golden values were verified with mpmath 1.3 at 40 digits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalQuantile, normalTail, studentTQuantile, studentTTail } from './quantiles.ts';

const NORMAL_TAIL = [
  [-3, 0.9986501019683699],
  [1e-8, 0.4999999960105772],
  [0.3, 0.3820885778110473],
  [1.96, 0.024997895148220428],
  [2.4999, 0.006211418374944544],
  [3, 0.0013498980316300946],
  [10, 7.619853024160527e-24],
  [37, 5.725571222524577e-300],
] as const;
const NORMAL_QUANTILE = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798407],
  [0.025, -1.9599639845400525],
  [0.1, -1.2815515655446008],
  [0.3, -0.5244005127080408],
  [0.4999, -0.0002506628300880075],
  [0.500001, 2.506628274705705e-6],
  [0.975, 1.9599639845400527],
  [0.999999, 4.753424308817087],
] as const;
const STUDENT_T_TAIL = [
  [-1.5, 0.5, 0.7460491046759458],
  [-1.5, 3.7, 0.8932009153989933],
  [-1.5, 99, 0.9316015911420135],
  [-1.5, 1000000, 0.9331926408816036],
  [0.001, 0.5, 0.4997303238342438],
  [0.001, 3.7, 0.49962683852954315],
  [0.001, 99, 0.49960206392856854],
  [0.001, 1000000, 0.49960105788582454],
  [1.7, 0.5, 0.24006756495788484],
  [1.7, 3.7, 0.08506231624642957],
  [1.7, 99, 0.04613535487324455],
  [1.7, 1000000, 0.04456561824517452],
  [1.8, 0.5, 0.2338816035867255],
  [1.8, 3.7, 0.07601177464125809],
  [1.8, 99, 0.0374531891289088],
  [1.8, 1000000, 0.03593046974984172],
  [4, 0.5, 0.15961004149433575],
  [4, 3.7, 0.009394455009390576],
  [4, 99, 6.112576378555654e-5],
  [4, 1000000, 3.16735170050241e-5],
] as const;
const STUDENT_T_QUANTILE = [
  [1e-12, 0.5, -1.0284911563163374e23],
  [1e-12, 1, -318309886183.79],
  [1e-12, 5, -393.9569595776039],
  [1e-12, 199, -7.505733833748475],
  [1e-12, 1000000, -7.034572608411256],
  [0.05, 0.5, -41.136000092878234],
  [0.05, 1, -6.313751514675043],
  [0.05, 5, -2.0150483733330247],
  [0.05, 199, -1.6525467461665633],
  [0.05, 1000000, -1.6448551507220373],
  [0.2, 0.5, -2.5127179536659185],
  [0.2, 1, -1.376381920471175],
  [0.2, 5, -0.9195437802408253],
  [0.2, 199, -0.8434311999372972],
  [0.2, 1000000, -0.841621593013984],
  [0.49, 0.5, -0.03710700354529351],
  [0.49, 1, -0.03142626604335115],
  [0.49, 5, -0.026346712342273274],
  [0.49, 199, -0.02510044137861072],
  [0.49, 1000000, -0.0250689145298775],
  [0.975, 0.5, 164.55767348048815],
  [0.975, 1, 12.706204736174696],
  [0.975, 5, 2.5705818356363155],
  [0.975, 199, 1.9719565442517533],
  [0.975, 1000000, 1.9599663568141068],
] as const;

function expectRelative(got: number, wanted: number): void {
  if (wanted === 0) expect(got).toBe(0);
  else expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-12);
}

describe('the normal distribution', () => {
  it('has the known tails and quantiles', () => {
    for (const [x, tail] of NORMAL_TAIL) expectRelative(normalTail(x), tail);
    for (const [p, x] of NORMAL_QUANTILE) expectRelative(normalQuantile(p), x);
    expect(normalQuantile(0.5)).toBe(0);
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([normalTail(50), normalTail(Number.POSITIVE_INFINITY)]).toEqual([0, 0]);
  });

  it('gives back p, and is symmetric', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-200, max: 0.5, noNaN: true }), (p) => {
        expect(Math.abs(normalTail(-normalQuantile(p)) / p - 1)).toBeLessThan(1e-12);
        if (p > 1e-3) expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), 11);
      }),
      { seed: 1 },
    );
  });
});

describe("Student's distribution", () => {
  it('has the known tails and quantiles', () => {
    for (const [t, df, tail] of STUDENT_T_TAIL) expectRelative(studentTTail(t, df), tail);
    for (const [p, df, t] of STUDENT_T_QUANTILE) expectRelative(studentTQuantile(p, df), t);
    expectRelative(studentTQuantile(0.975, 2), 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2)));
    expectRelative(studentTTail(1, 1), 0.25);
  });

  it('is the normal for endless degrees of freedom, and near it for many', () => {
    expect(studentTQuantile(0.975, Number.POSITIVE_INFINITY)).toBe(normalQuantile(0.975));
    expect(studentTTail(1.5, 1e12)).toBeCloseTo(normalTail(1.5), 11);
  });

  it('gives back p', () => {
    const p = fc.double({ min: 1e-100, max: 0.4999, noNaN: true });
    fc.assert(
      fc.property(p, fc.double({ min: 0.6, max: 1e7, noNaN: true }), (q, df) => {
        expect(Math.abs(studentTTail(-studentTQuantile(q, df), df) / q - 1)).toBeLessThan(1e-11);
      }),
      { seed: 2 },
    );
  });

  it('refuses what is outside its domain', () => {
    expect(() => studentTQuantile(1.1, 3)).toThrow(/domain/);
    expect(() => studentTTail(1, 0)).toThrow(/domain/);
    expect(() => normalQuantile(Number.NaN)).toThrow(/domain/);
  });
});
