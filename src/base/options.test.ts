import { expect, test } from 'vitest';
import { requireRange, requireTexts, requireWhole } from './options.ts';

const refused = expect.objectContaining({ code: 'OPTION_INVALID' });

test('a number lies in its range; what only reads as one is none', () => {
  for (const share of [0, 0.5, 1]) requireRange('home', 'share', share, 0, 1);
  for (const share of [-0.1, 1.1, Number.NaN, '0.5', true, null, [0.5]]) {
    expect(() => requireRange('home', 'share', share as number, 0, 1), String(share)).toThrow(refused);
  }
  expect(() => requireRange('home', 'share', '0.5' as never, 0, 1)).toThrow('home: share is "0.5"');
});

test('a count is whole', () => {
  requireWhole('home', 'rows', 3, 1, 12);
  for (const rows of [2.5, 13, '3']) expect(() => requireWhole('home', 'rows', rows as number, 1, 12)).toThrow(refused);
});

test('a list of names is a list, of texts', () => {
  requireTexts('home', 'shelves', []);
  requireTexts('home', 'shelves', ['heavy rotation']);
  for (const shelves of ['heavy rotation', [7], null, { length: 1 }]) {
    expect(() => requireTexts('home', 'shelves', shelves as string[])).toThrow(refused);
  }
});
