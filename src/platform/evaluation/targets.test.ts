import { describe, expect, it } from 'vitest';
import { resolveTunables } from '../../home/index.ts';
import { popularityAmong, servedAmong, targetsOf, withBaselines } from './targets.ts';

const serving = resolveTunables({ cardTemperature: 0.2, composition: { diversity: 0.3 } });

describe('policies under evaluation', () => {
  it('have what serves where they say nothing, and only what is a policy’s own', () => {
    const [cool, softmax] = targetsOf(
      [
        { name: 'cool', policy: 'plackett-luce', options: { shelfTemperature: 0.1 } },
        { policy: 'softmax', options: { temperature: 0.2 }, composition: { diversity: 0 } },
      ],
      serving,
      '',
    );
    expect(cool).toMatchObject({
      name: 'cool',
      modelHash: '',
      tunables: {
        policy: 'plackett-luce',
        cardTemperature: 0.2,
        shelfTemperature: 0.1,
        composition: { diversity: 0.3 },
      },
    });
    expect(cool.tunables).not.toHaveProperty('surfaces');
    expect(cool.tunables).not.toHaveProperty('creatorCapPerPage');
    expect(softmax).toMatchObject({
      name: 'softmax',
      tunables: { policy: 'softmax', policyOptions: { temperature: 0.2 }, composition: { diversity: 0 } },
    });
  });

  it('come with what lifts are taken over', () => {
    const asked = targetsOf([{ policy: 'uniform' }], serving, '');
    const all = withBaselines(asked, serving);
    expect(all.map(({ name }) => name)).toEqual(['uniform', 'served', 'popularity']);
    expect([servedAmong(all), popularityAmong(all)]).toEqual([1, 2]);
    expect(withBaselines(all, serving)).toBe(all);
  });

  it('score with each decision’s model, that which serves, or one that is named', () => {
    const hash = 'a'.repeat(32);
    const of = (model: string | undefined, servingHash = hash) =>
      targetsOf([{ policy: 'greedy', ...(model === undefined ? {} : { model }) }], serving, servingHash)[0].modelHash;
    expect(of(undefined)).toBe('');
    expect(of('serving')).toBe(hash);
    expect(of('b'.repeat(32))).toBe('b'.repeat(32));
    expect(() => of('serving', '')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('are refused where they have no meaning', () => {
    for (const policies of [
      [],
      [{ policy: 'guess' }],
      [{ policy: 'greedy' }, { policy: 'greedy' }],
      [{ policy: 'greedy', options: { temperature: 1 } }],
      [{ policy: 'plackett-luce', options: { creatorCapPerRow: 1 } }],
      [{ policy: 'plackett-luce', options: { cardTemperature: -1 } }],
      [{ policy: 'served', options: { cardTemperature: 1 } }],
      [{ policy: 'greedy', composition: { diversity: 2 } }],
    ]) {
      expect(() => targetsOf(policies, serving, '')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    }
  });

  it('leaves the name of what was logged to what was logged', () => {
    expect(() => targetsOf([{ name: 'served', policy: 'greedy' }], serving, '')).toThrow(
      /"served" is what was logged; call greedy otherwise, NAME=greedy/,
    );
    expect(targetsOf([{ name: 'served', policy: 'served' }], serving, '')).toMatchObject([{ tunables: undefined }]);
    expect(targetsOf([{ name: 'now', policy: 'served' }], serving, '')).toMatchObject([{ name: 'now' }]);
  });
});
