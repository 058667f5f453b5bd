import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { distributionOf, underPolicy } from '../../counterfactual/index.ts';
import { greedy } from '../../policy/index.ts';
import { contextMatrix } from '../classification/contexts.ts';
import { parseClassification } from '../classification/data.ts';
import { accuracyOf, labelledLog } from './labelled-log.ts';
import { learnFromLabels } from './learn.ts';

/** Three classes that two numbers and a category tell, one row in ten at random. */
function toyData(rows: number) {
  const rng = createRng(5);
  const lines = Array.from({ length: rows }, () => {
    const height = rng.normal();
    const width = 10 * rng.normal();
    const colour = rng.below(2);
    const truth = rng.uniform() < 0.1 ? rng.below(3) : colour === 0 ? 0 : height + width / 10 < 0 ? 1 : 2;
    return `${height},${['red', 'blue'][colour]},${width},same,class-${truth}`;
  });
  return parseClassification(lines.join('\n'), 'toy');
}

describe('a context matrix', () => {
  it('has numbers, indicators of categories, means for what is missing, and no constant', () => {
    const { contexts, width, names } = contextMatrix(
      parseClassification('size,colour,kind,end\n1,red,x,a\n?,blue,x,b\n3,?,x,a\n2,red,x,b\n', 'x'),
    );
    expect(names).toEqual(['size', 'colour = blue', 'colour = red']);
    expect(width).toBe(3);
    expect([...contexts]).toEqual([1, 0, 1, 2, 1, 0, 3, 0, 0, 2, 0, 1]);
  });
});

describe('labelled rows as a log', () => {
  const data = toyData(3000);

  it('parts the rows, and logs one choice a row with its chance', async () => {
    const { log, labels, test, tutorRows, logging } = await labelledLog(data, { epsilon: 0.3 }, createRng(1));
    expect(log.rows + test.rows + tutorRows).toBe(3000);
    expect(test.rows).toBe(900);
    expect(tutorRows).toBe(42);
    const chances = distributionOf(logging, log.contexts, log.rows);
    for (let i = 0; i < log.rows; i++) {
      expect(log.propensities[i]).toBe(chances[i * 3 + log.taken[i]]);
      expect(log.rewards[i]).toBe(Number(log.taken[i] === labels[i]));
      expect(log.propensities[i]).toBeGreaterThanOrEqual(0.1 - 1e-12);
    }
    // E[1/p] over what was drawn is the number of classes.
    const inverse = log.propensities.reduce((sum, p) => sum + 1 / p, 0) / log.rows;
    expect(Math.abs(inverse - 3)).toBeLessThan(0.15);
    const mean = log.rewards.reduce((sum, reward) => sum + reward, 0) / log.rows;
    const { accuracy, greedyAccuracy } = accuracyOf(logging, underPolicy(logging, greedy()), test);
    expect(Math.abs(mean - accuracy)).toBeLessThan(0.05);
    expect(greedyAccuracy).toBeGreaterThan(accuracy);
  });

  it('is a function of the seed, and refuses shares that leave nothing', async () => {
    const once = async (seed: number) => (await labelledLog(data, {}, createRng(seed))).log;
    expect(await once(3)).toEqual(await once(3));
    expect((await once(4)).taken).not.toEqual((await once(3)).taken);
    await expect(labelledLog(toyData(12), { test: 0.6 }, createRng(1))).rejects.toThrow(/leave \d to log/);
    await expect(labelledLog(data, { epsilon: 0 }, createRng(1))).rejects.toThrow(/epsilon is 0/);
  });
});

describe('learning from it', () => {
  const data = toyData(2000);

  it('tells each learner beside who logged and full supervision', async () => {
    const report = await learnFromLabels(data, {
      learners: ['ips', 'classifier', 'gradient-dr'],
      runs: 2,
      epsilon: 0.5,
    });
    const { logging, supervised, learners } = report;
    expect(learners.map(({ learner }) => learner)).toEqual(['ips', 'classifier', 'gradient-dr']);
    expect(supervised.softmax.greedyAccuracy.mean).toBeGreaterThan(0.88);
    for (const one of learners) {
      expect(one.greedyAccuracy.mean).toBeGreaterThan(0.8);
      expect(one.greedyAccuracy.mean).toBeLessThan(supervised[one.modelClass].greedyAccuracy.mean + 0.02);
      expect(one.accuracy.mean).toBeGreaterThan(logging.accuracy.mean);
      expect(one.runsBelowLogging).toBe(0);
      expect(one.accuracy.byRun).toHaveLength(2);
      expect(one.chosen).toHaveLength(2);
    }
    expect(learners[0].accuracy).toEqual(learners[0].greedyAccuracy);
  });

  it('says when a learner is worse than who logged', async () => {
    const { learners } = await learnFromLabels(data, {
      learners: ['classifier'],
      // A penalty that leaves nothing but a share for each class.
      learnerOptions: { l2: [1e6] },
      epsilon: 0.1,
      loggingShare: 0.3,
    });
    expect(learners[0].accuracy.mean).toBeLessThan(0.45);
    expect(learners[0].runsBelowLogging).toBe(1);
  });

  it('is a function of its arguments, and refuses learners that there are not', async () => {
    const once = () => learnFromLabels(data, { learners: ['norm-poem'], seed: 4 });
    expect(await once()).toEqual(await once());
    await expect(learnFromLabels(data, { learners: ['magic'] })).rejects.toThrow(/no learner "magic"/);
  });
});
