/** Comparisons for the fake platform: every policy earns what served did. */
import type { Clock } from '../base/index.ts';
import type { ComparedPolicy, EvaluationService } from '../platform/index.ts';

export function createFakeEvaluation(clock: Clock): EvaluationService {
  return {
    async exportEvaluationLog({ policies = [] }, { onLines, onProgress }) {
      onProgress?.('write', 1);
      const report = { decisions: 0, listeners: 0, leftOut: {} };
      const named = policies.map(({ name, policy }) => ({ name: name ?? policy, policy, options: {}, model: '' }));
      const header = { shelfwise: 'evaluation log', version: 1, policies: named, rewardModel: null, span: '30d' };
      await onLines([JSON.stringify(header), JSON.stringify({ end: true, ...report })]);
      return report;
    },
    async comparePolicies({ policies = [], span = '30d', rung = 'above', level = 0.95 }, { onProgress } = {}) {
      onProgress?.('evaluate', 1);
      const served = { value: 0.5, interval: [0.4, 0.6] as const };
      const compared = policies.map(
        ({ name, policy }): ComparedPolicy => ({
          name: name ?? policy,
          value: 0.5,
          interval: [0.4, 0.6],
          rung: rung === 'slope' ? 'above' : rung,
          assumptionCost: { value: 0, interval: [0, 0] },
          liftOverServed: { value: 0, interval: [-0.1, 0.1] },
          liftOverPopularity: null,
          differenceToServed: { value: 0, interval: [-0.05, 0.05] },
          essShare: 0.5,
          weights: {
            cards: 1000,
            essShare: 0.5,
            pageEssShare: 0.1,
            listeners: 10,
            meanWeight: 1,
            maxWeight: 4,
            differing: 0.3,
            missing: 0,
          },
          verdict: 'trustworthy',
          reasons: [],
        }),
      );
      return {
        span,
        fromMs: 0,
        toMs: clock.nowMs(),
        estimator: 'dr',
        rung,
        assumption: 'nothing',
        level,
        decisions: 100,
        listeners: 10,
        cards: 1000,
        leftOut: { immature: 1 },
        rewardModel: { kind: 'cross-fitted', family: 'logistic', rows: 500 },
        overall: {
          dimension: '',
          name: '',
          decisions: 100,
          listeners: 10,
          served,
          popularity: null,
          policies: compared,
        },
        histograms: compared.map(({ name }) => ({
          name,
          cards: 1000,
          zeros: 0,
          bins: [{ from: 0.9, to: 1.1, cards: 1000 }],
        })),
        slices: [],
        others: [],
        meaning: 'nothing',
        seconds: 0,
      };
    },
  };
}
