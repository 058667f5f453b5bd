import { describe, expect, it } from 'vitest';
import {
  formatPolicy,
  MOST_POLICIES,
  parsePolicies,
  parsePolicy,
  plain,
  policyNames,
  questionOf,
  requestOf,
  searchOf,
} from './question.ts';

const warm = {
  policy: 'plackett-luce',
  options: { cardTemperature: 0.08, cardEpsilon: 0 },
  composition: {},
  model: 'serving',
};
const mixed = { ...plain('softmax'), composition: { diversity: 0.3, diversityOver: 'page' } };

describe('a question in an address', () => {
  it('comes back as it was asked', () => {
    const question = {
      policies: [plain('greedy'), warm],
      span: '7d',
      by: 'tier',
      rung: 'item',
      estimator: 'ipw',
    } as const;
    expect(searchOf(question).policies).toBe('greedy,plackett-luce/cardTemperature:0.08/cardEpsilon:0/model:serving');
    expect(questionOf(searchOf(question))).toEqual(question);
  });

  it('leaves out what is the default', () => {
    expect(questionOf({ policies: 'greedy' })).toEqual({
      policies: [plain('greedy')],
      span: '30d',
      by: undefined,
      rung: 'above',
      estimator: 'dr',
    });
    expect(searchOf(questionOf({ policies: 'greedy' }) ?? ({} as never))).toEqual({ policies: 'greedy' });
  });

  it('asks nothing without policies, and of no policy twice', () => {
    expect(questionOf({})).toBeUndefined();
    expect(questionOf({ policies: '<b>,' })).toBeUndefined();
    expect(parsePolicies('a,a,b,c,d,e').map(formatPolicy)).toEqual(['a', 'b', 'c', 'd'].slice(0, MOST_POLICIES));
  });

  it('holds what is wanted of pages besides', () => {
    const text = 'softmax/compose.diversity:0.3/compose.diversityOver:page';
    expect(formatPolicy(mixed)).toBe(text);
    expect(parsePolicy(text)).toEqual(mixed);
    expect(policyNames([mixed])).toEqual(['softmax, diversity 0.3, diversityOver page']);
    const both = { ...mixed, options: { floor: 'mix' }, composition: { floor: 0.1 } };
    expect(policyNames([both])).toEqual(['softmax, floor mix, floor 0.1']);
    expect(parsePolicy(formatPolicy(both))).toEqual(both);
    expect(requestOf(questionOf({ policies: text }) ?? ({} as never)).policies).toEqual([
      { name: 'softmax, diversity 0.3, diversityOver page', policy: 'softmax', composition: mixed.composition },
    ]);
  });

  it('reads options as what they are', () => {
    expect(parsePolicy('softmax/temperature:5e-2/floor:project/elimination:true/broken')?.options).toEqual({
      temperature: 0.05,
      floor: 'project',
      elimination: true,
    });
  });
});

describe('the request', () => {
  it('names each policy, none twice', () => {
    expect(policyNames([warm, plain('greedy')])).toEqual([
      'plackett-luce, cardTemperature 0.08, cardEpsilon 0, model that serves',
      'greedy',
    ]);
    expect(requestOf(questionOf({ policies: 'greedy' }) ?? ({} as never)).policies).toEqual([
      { name: 'greedy', policy: 'greedy' },
    ]);
    const long = `greedy/${'x'.repeat(90)}:1,greedy/${'x'.repeat(90)}:2`;
    const names = policyNames(parsePolicies(long));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(80);
  });

  it('fits no reward model for an estimator that uses none', () => {
    expect(requestOf(questionOf({ policies: 'greedy', estimator: 'ipw' }) ?? ({} as never)).rewardModel).toBe('none');
    const plainly = requestOf(questionOf({ policies: 'greedy' }) ?? ({} as never));
    expect([plainly.rewardModel, plainly.estimators]).toEqual([undefined, ['dr']]);
  });
});
