import { describe, expect, it } from 'vitest';
import { lineChanges } from './line-changes.ts';

const marks = { same: ' ', added: '+', removed: '-' } as const;
const told = (before: string, after: string) =>
  lineChanges(before, after).map(({ text, change }) => `${marks[change]}${text}`);

describe('changes of lines', () => {
  it('keep what both have, in order', () => {
    const before = 'feature {\n  name: "tier"\n  domain: "tier"\n}\n';
    const after = 'feature {\n  name: "tier"\n  domain: "tiers"\n  value: "trial"\n}\n';
    expect(told(before, after)).toEqual([
      ' feature {',
      '   name: "tier"',
      '-  domain: "tier"',
      '+  domain: "tiers"',
      '+  value: "trial"',
      ' }',
    ]);
  });

  it('are everything where there was nothing, and nothing where all is the same', () => {
    expect(told('', 'a\nb')).toEqual(['+a', '+b']);
    expect(told('a\nb', '')).toEqual(['-a', '-b']);
    expect(told('a', 'a')).toEqual([' a']);
    expect(told('', '')).toEqual([]);
  });
});
