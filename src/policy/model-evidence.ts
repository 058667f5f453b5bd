/** What a policy needs beside scores, asked of the reward model for the candidates of one decision. */
import { hash32, mix32, type Seed, ShelfwiseError } from '../base/index.ts';
import type { FeatureBatch } from '../features/index.ts';
import { isEnsemble, type RewardModel } from '../models/index.ts';
import { type Policy, Scratch } from './policy.ts';
import type { PolicyShelf } from './problem.ts';

const DRAWS_LABEL = hash32('draws of the posterior');

/**
 * The seed of a decision's draws from the posterior, written to `out`: a function of the decision's seed, so that the record
 * has it, whose numbers have nothing to do with those that choose the actions (ADR 20).
 */
export function drawSeedOf(seed: Seed, out: Seed = new Uint32Array(4)): Seed {
  let chain = DRAWS_LABEL;
  for (let word = 0; word < 4; word++) {
    chain = mix32(chain ^ seed[word]);
    out[word] = mix32(chain + 0x9e3779b9);
  }
  return out;
}

/** What the model lacks of what the policy needs, in words; undefined: nothing. */
export function lackedEvidence({ id, needs }: Policy, model: RewardModel | undefined): string | undefined {
  if (needs.kind === 'none') return undefined;
  if (model === undefined) return `${id} needs ${needs.kind} of a model, and none serves`;
  if (needs.kind === 'replicas') {
    const size = isEnsemble(model) ? model.size : 0;
    return size === needs.draws
      ? undefined
      : `${id} needs an ensemble of ${needs.draws} replicas, the ${model.family} model has ${size}; set the option to what it has`;
  }
  const has = needs.kind === 'sensitivities' ? model.sensitivities !== undefined : model.uncertainty !== undefined;
  return has ? undefined : `${id} needs ${needs.kind}, and the ${model.family} model has none`;
}

/** Throws `POLICY_EVIDENCE` where the model lacks what the policy needs: for the moment when either is configured. */
export function requireEvidence(policy: Policy, model: RewardModel | undefined): void {
  const lacked = lackedEvidence(policy, model);
  if (lacked !== undefined) throw new ShelfwiseError('POLICY_EVIDENCE', lacked);
}

/** Evidence of a decision's candidates, row by row as their features. Buffers grow; what they hold is valid until the next `read`. */
export class ModelEvidence {
  #values = new Float64Array(0);
  readonly #seed: Seed = new Uint32Array(4);
  readonly #scores = new Scratch();

  /** Asks the model about the first `rows` rows of the batch. Throws `POLICY_EVIDENCE` where it lacks what the policy needs. */
  read(policy: Policy, model: RewardModel | undefined, batch: FeatureBatch, rows: number, seed: Seed): void {
    requireEvidence(policy, model);
    const { kind, draws } = policy.needs;
    const length = rows * Math.max(1, draws);
    if (this.#values.length < length) this.#values = new Float64Array(2 * length);
    if (kind === 'replicas') this.#readReplicas(model, batch, rows);
    else if (kind === 'draws') model?.uncertainty?.draw(batch, rows, drawSeedOf(seed, this.#seed), draws, this.#values);
    else if (kind === 'deviations') model?.uncertainty?.deviations(batch, rows, this.#values);
    else if (kind === 'sensitivities') model?.sensitivities?.(batch, rows, this.#values);
  }

  #readReplicas(model: RewardModel | undefined, batch: FeatureBatch, rows: number): void {
    if (model === undefined || !isEnsemble(model)) return;
    const scores = this.#scores.of(rows);
    for (let j = 0; j < model.size; j++) {
      model.member(j).predict(batch, rows, scores);
      for (let r = 0; r < rows; r++) this.#values[r * model.size + j] = scores[r];
    }
  }

  /** What a shelf of `count` candidates carries whose features begin at row `from`. */
  of({ needs }: Policy, from: number, count: number): Pick<PolicyShelf, 'deviations' | 'draws' | 'sensitivities'> {
    const { kind, draws } = needs;
    if (kind === 'none') return {};
    if (draws > 0) return { draws: this.#values.subarray(from * draws, (from + count) * draws) };
    return { [kind]: this.#values.subarray(from, from + count) };
  }
}
