import { describe, expect, it } from 'vitest';
import { hash128 } from './hash.ts';

describe('hash128', () => {
  // Expected words: mmh3 5.2 (the reference implementation in C), hash128 x86 of the text in UTF-16LE.
  it.each([
    ['', [0, 0, 0, 0]],
    ['a', [0x033bb196, 0xccef4fe1, 0xccef4fe1, 0xccef4fe1]],
    ['ab', [0x260fb953, 0xaf22b6fd, 0xaf22b6fd, 0xaf22b6fd]],
    ['abc', [0x2b5b97a3, 0x20f75fb5, 0x5012c2b4, 0x5012c2b4]],
    ['abcdefg', [0x851fde5e, 0xf81a9aab, 0x2a351f32, 0xfa8e8ca7]],
    ['abcdefgh', [0x6c357655, 0x8df898a1, 0xa76d230d, 0x42147114]],
    ['abcdefghi', [0x17a3d732, 0x37eee486, 0x04d39ee1, 0xee7f6ddc]],
    ['3f2a9c00d1e24b5f8a7766554433221 e-0001', [0x0b78241f, 0xa3007694, 0x49fc343f, 0x3e1346b0]],
    ['žluťoučký kůň 🐎', [0x14f89a9e, 0xfcf424ca, 0x871ce5f1, 0xcc0d7323]],
    ['x'.repeat(1000), [0xd6f261ee, 0x010a59b6, 0x11dba108, 0x94295556]],
  ])('gives MurmurHash3_x86_128 of %j', (text, expected) => {
    const out = new Uint32Array(6).fill(7);
    hash128(text, out, 1);
    expect([...out]).toEqual([7, ...expected, 7]);
  });
});
