import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDouble } from './numbers.ts';

describe('doubles', () => {
  // The first eight lie just between two shortest forms. All are as Python 3.11 writes them.
  it.each([
    '-524.0707397460938',
    '-973.6640014648438',
    '674.9381713867188',
    '-531.3380737304688',
    '672.9229125976562',
    '-698.7671508789062',
    '736.0906372070312',
    '516.4605102539062',
    '1821991.6586263517',
    '56015.29781671128',
    '-54501822669.06634',
    '428258967222405.06',
    '-2100731919985121.5',
    '9.28187503450911e-05',
    '1e-05',
    '0.0001',
    '1e+16',
    '123456789012345.0',
    '9007199254740992.0',
    '-0.0',
    '100.0',
    '1.5',
    '5e-324',
    '1.7976931348623157e+308',
  ])('are written as Python writes them: %s', (text) => {
    expect(formatDouble(Number(text))).toBe(text);
  });

  it('read back as themselves', () => {
    const single = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), single), (x) => {
        expect(Number(formatDouble(x))).toBe(x);
      }),
      { numRuns: 1000 },
    );
  });
});
