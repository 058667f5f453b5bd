import { describe, expect, it } from 'vitest';
import { canUndo, figureText, MEASURES, modelName, standing } from './words.ts';

const measure = (id: string) => MEASURES.find((one) => one.id === id) as (typeof MEASURES)[number];

describe('figures of models', () => {
  it('are better where log loss falls, AUC rises, and what is predicted comes nearer to what is observed', () => {
    expect(standing(measure('logLoss'), 0.5, 0.6)).toBe('better');
    expect(standing(measure('auc'), 0.7, 0.8)).toBe('worse');
    expect(standing(measure('calibration'), 1.1, 0.8)).toBe('better');
    expect(standing(measure('calibration'), 0.7, 1.1)).toBe('worse');
  });

  it('do not differ below the digits on show, nor from what is not known', () => {
    expect(standing(measure('auc'), 0.7001, 0.7003)).toBeUndefined();
    expect(standing(measure('auc'), null, 0.7)).toBeUndefined();
    expect([figureText(null), figureText(0.12345)]).toEqual(['–', '0.1235']);
  });
});

describe('a model', () => {
  it('is named by its family, its members and its calibration', () => {
    const spec = { family: 'trees', options: {}, ensemble: 10, calibration: 'isotonic' as const };
    expect(modelName({ family: 'calibrated', lineage: { spec } as never })).toBe('Boosted trees, 10 members, isotonic');
    expect(modelName({ family: 'logistic', lineage: null })).toBe('Logistic regression');
    expect(modelName({ family: 'of-the-house', lineage: null })).toBe('of-the-house');
  });
});

it('offers to undo a promotion that a rollback takes back', () => {
  expect(canUndo({ hash: 'b', before: 'a' })).toBe(true);
  // There is nothing to go back to, or it served already: a rollback would go a step further back.
  expect(canUndo({ hash: 'b', before: '' })).toBe(false);
  expect(canUndo({ hash: 'b', before: 'b' })).toBe(false);
});
