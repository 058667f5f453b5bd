import { describe, expect, it } from 'vitest';
import { clockText } from './clock-text.ts';

describe('lengths of time', () => {
  it('writes times as clocks do', () => {
    expect([0, 61_000, 3_729_000].map(clockText)).toEqual(['0:00', '1:01', '1:02:09']);
  });
});
