import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsDocument } from '../scripts/errors-document.ts';
import { CATALOGUE } from '../src/base/index.ts';
import { CAST } from '../src/simulation/index.ts';

describe('docs/errors.md', () => {
  it('is what `npm run docs` would write', () => {
    expect(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsDocument());
  });

  it('keeps the catalogue in alphabetical order, so that two people adding a code do not collide', () => {
    const codes = Object.keys(CATALOGUE);
    expect(codes).toEqual([...codes].sort());
  });
});

describe('docs/demo.md', () => {
  it('tells of everybody of the cast what their profile says and what they are there for', () => {
    const rows = readFileSync(new URL('../docs/demo.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `demo-'));
    expect(rows).toEqual(
      CAST.map(({ id, profile, shows }) => {
        const { language = '–', market = '–', tier = '–', ageBand = '–' } = profile;
        return `| \`${id}\` | ${language} | ${market} | ${tier} | ${ageBand} | ${shows} |`;
      }),
    );
  });
});
