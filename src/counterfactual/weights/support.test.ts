import { describe, expect, it } from 'vitest';
import { hash32, type Seed } from '../../base/index.ts';
import { NO_ITEM } from '../../domain/index.ts';
import { greedy, type PageProblem, type PolicyShelf, plackettLuce, samplePage, uniform } from '../../policy/index.ts';
import { SupportGauge } from './support.ts';

function shelf(id: string, scores: readonly number[], firstItem: number): PolicyShelf {
  return {
    key: hash32(id),
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 2,
    items: Uint32Array.from(scores, (_, i) => firstItem + i),
    creators: new Uint32Array(scores.length).fill(NO_ITEM),
    scores: Float64Array.from(scores),
    count: scores.length,
  };
}

const problem: PageProblem = {
  shelves: [shelf('a', [0.4, 0.3, 0.2, 0.1], 1), shelf('b', [0.6, 0.1, 0.05, 0.01], 10)],
  shelfLimit: 2,
  creatorCapPerRow: 1,
  creatorCapPerPage: 9,
  examinationByCard: Float64Array.of(1, 0.5),
};
const SEED: Seed = Uint32Array.of(1, 2, 3, 4);

describe('what a log had no chance of', () => {
  it('is nothing where the logging policy gives every action a chance', () => {
    const gauge = new SupportGauge();
    const logging = plackettLuce();
    expect(gauge.note(problem, samplePage(problem, logging, SEED).rows, logging)).toBe(true);
    expect(gauge.missing(problem, greedy())).toEqual({ mass: 0, steps: 5 });
  });

  it('is what another policy would choose beside the one action that a greedy one takes', () => {
    const gauge = new SupportGauge();
    const rows = samplePage(problem, greedy(), SEED).rows;
    gauge.note(problem, rows, greedy());
    // One of two shelves, then of four and three cards; the second shelf is alone, its cards are again four and three.
    expect(gauge.missing(problem, uniform())?.mass).toBeCloseTo(1 / 2 + 2 * (3 / 4 + 2 / 3), 12);
    expect(gauge.missing(problem, greedy())?.mass).toBe(0);
  });

  it('is told of no page that cannot be walked', () => {
    const gauge = new SupportGauge();
    const [row] = samplePage(problem, greedy(), SEED).rows;
    expect(gauge.note(problem, [row, row], greedy())).toBe(false);
  });
});
