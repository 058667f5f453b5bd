/** What is learnt from a log: scores of all actions in a context, and a policy over them as those of pages are. */
import { type Policy, stepEvidence } from '../../policy/index.ts';

export interface ActionScores {
  readonly actions: number;
  readonly contextWidth: number;
  /** out[r * actions + a] = score of action a in context r, finite; of the first `rows` contexts (row-major). */
  scores(contexts: Float64Array, rows: number, out: Float64Array): void;
}

export interface ContextualPolicy extends ActionScores {
  /** Id of the learner that it comes from. */
  readonly id: string;
  /** Over the scores of one context: any policy that reads scores alone. */
  readonly policy: Policy;
  /** What was chosen on the way: penalties, the candidate that won. */
  readonly chosen: Readonly<Record<string, number | string>>;
  /** out[r * actions + a] = π(a | x_r), each row summing to 1 up to rounding. */
  distribution(contexts: Float64Array, rows: number, out: Float64Array): void;
}

export function contextualPolicy(
  id: string,
  scorer: ActionScores,
  policy: Policy,
  chosen: Readonly<Record<string, number | string>> = {},
): ContextualPolicy {
  const { actions, contextWidth } = scorer;
  const row = new Float64Array(actions);
  const probabilities = new Float64Array(actions);
  const evidence = stepEvidence(row);
  return {
    id,
    actions,
    contextWidth,
    policy,
    chosen,
    scores: (contexts, rows, out) => scorer.scores(contexts, rows, out),
    distribution(contexts, rows, out) {
      scorer.scores(contexts, rows, out);
      for (let r = 0; r < rows; r++) {
        row.set(out.subarray(r * actions, (r + 1) * actions));
        policy.card(row, actions, probabilities, evidence);
        out.set(probabilities, r * actions);
      }
    },
  };
}

/** The same scores under another policy: its greedy form, or one that goes on exploring. */
export function underPolicy(learnt: ContextualPolicy, policy: Policy): ContextualPolicy {
  return contextualPolicy(learnt.id, learnt, policy, learnt.chosen);
}

/** rows x actions: π(a | x_r) of all contexts. */
export function distributionOf(policy: ContextualPolicy, contexts: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(rows * policy.actions);
  policy.distribution(contexts, rows, out);
  return out;
}
