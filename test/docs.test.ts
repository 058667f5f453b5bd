import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsDocument } from '../scripts/errors-document.ts';
import { CATALOGUE } from '../src/base/index.ts';

describe('docs/errors.md', () => {
  it('is what `npm run docs` would write', () => {
    expect(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsDocument());
  });

  it('keeps the catalogue in alphabetical order, so that two people adding a code do not collide', () => {
    const codes = Object.keys(CATALOGUE);
    expect(codes).toEqual([...codes].sort());
  });
});
