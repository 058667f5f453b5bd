import { expect, test } from 'vitest';
import { sealEpoch } from './epoch.ts';
import { cardCurve, examinationEpoch, examinedAt, readExamination } from './examination.ts';

const content = examinationEpoch('by hand', {
  phone: { shelf: Float64Array.of(1, 0.8), card: Float64Array.of(1, 1.25, 0.5) },
});

test('an epoch holds the curves of the surfaces that are known', () => {
  const epoch = sealEpoch(content);
  const examination = readExamination(epoch);
  expect(epoch.kind).toBe('examination');
  expect(examination.hash).toBe(epoch.hash);
  expect(examination.method).toBe('by hand');
  expect(examinedAt(examination, 'phone', 1, 1)).toBe(1);
  expect(examinedAt(examination, 'phone', 0, 0)).toBe(1);
  expect(examinedAt(examination, 'tv', 0, 0)).toBeNaN();
});

test('ranks beyond a curve count as its last', () => {
  const examination = readExamination(sealEpoch(content));
  expect(examinedAt(examination, 'phone', 9, 9)).toBe(0.4);
  expect(cardCurve(examination, 'phone', 5)).toEqual(Float64Array.of(1, 1.25, 0.5, 0.5, 0.5));
  expect(cardCurve(examination, 'phone', 2)).toEqual(Float64Array.of(1, 1.25));
  expect(cardCurve(examination, 'car', 2)).toBeUndefined();
});

test('equal curves have equal hashes, whatever becomes of the arrays that they were made of', () => {
  const shelf = Float64Array.of(1, 0.8);
  const made = examinationEpoch('by hand', { phone: { shelf, card: Float64Array.of(1, 1.25, 0.5) } });
  shelf[1] = 0;
  expect(sealEpoch(made).hash).toBe(sealEpoch(content).hash);
});

test.each([[[0.9, 0.8]], [[1, -0.1]], [[1, Number.NaN]], [[1, Number.POSITIVE_INFINITY]], [[]]])(
  'refuses the curve %o',
  (curve) => {
    expect(() =>
      examinationEpoch('by hand', { tv: { shelf: Float64Array.of(1), card: Float64Array.from(curve) } }),
    ).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  },
);

test('refuses an epoch of another kind', () => {
  const other = sealEpoch({ ...content, kind: 'cohorts' });
  expect(() => readExamination(other)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
});
