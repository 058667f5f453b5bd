/**
 * The decision proper: features, scores, draw. Serving and replay both come through here with the same inputs (the
 * listener's view, the candidates, the epochs, the seed), which is why a record recomputes bit for bit.
 */
import type { Seed } from '../base/index.ts';
import {
  type Catalog,
  type Counters,
  type Device,
  EMPTY_EMBEDDING,
  type Embedding,
  generatedPlays,
  isGenerated,
  type ListenerView,
  SURFACES,
  type Surface,
  slotOf,
  surfaceOf,
} from '../domain/index.ts';
import { createBatch, type Encoder, type FeatureBatch } from '../features/index.ts';
import type { RewardModel } from '../models/index.ts';
import {
  createWalker,
  type DrawnPage,
  readsTraits as doesReadTraits,
  lackedEvidence,
  ModelEvidence,
  type PageProblem,
  type Policy,
  type PolicyShelf,
  resolveComposition,
  samplePage,
} from '../policy/index.ts';
import { type DecisionShelf, policyShelfOf } from './page-problem.ts';
import { createTraits } from './traits.ts';
import { examinationOf, type HomeTunables, isCold, policyUnder } from './tunables.ts';

export interface DecisionInput {
  readonly shelves: readonly DecisionShelf[];
  readonly view: ListenerView;
  readonly atMs: number;
  readonly device: Device;
  readonly marketNumber: number;
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding | undefined;
  /** Without a model, scores are popularity. */
  readonly model: RewardModel | undefined;
  readonly policyId: string;
  readonly tunables: HomeTunables;
  readonly seed: Seed;
}

/** What a page is drawn from. */
export interface Prepared {
  /** Score of the i-th candidate of shelf s: scores[offsets[s] + i]. Shared with the decider: valid until its next call. */
  readonly scores: Float64Array;
  readonly offsets: Uint32Array;
  /** The features behind the scores, same rows. Shared with the decider. */
  readonly batch: FeatureBatch;
  readonly candidates: number;
  /** What the page was drawn from, and by which policy. Shared with the decider. */
  readonly problem: PageProblem;
  readonly policy: Policy;
}

export interface Decided extends Prepared {
  readonly page: DrawnPage;
}

interface Rules {
  readonly policy: Policy;
  readonly examination: Readonly<Record<Surface, Float64Array>>;
  /** Does its composition read traits of items? */
  readonly readsTraits: boolean;
}

export interface Decider {
  readonly encoder: Encoder;
  /** What the policy needs that the model lacks, in words; undefined: nothing. Such a decision must not be asked for. */
  lacked(input: Pick<DecisionInput, 'policyId' | 'tunables' | 'model'>): string | undefined;
  /**
   * What `decide` would draw from, without drawing. `isSame`: the decision is the one before, asked under another policy, other
   * tunables or another model; its features stand as they are. Throws as `decide` does.
   */
  prepare(input: DecisionInput, isSame?: boolean): Prepared;
  /** Not re-entrant; synchronous. Throws `POLICY_EVIDENCE` where the model lacks what the policy needs. `onStep` is handed each step's distribution, valid during the call. */
  decide(input: DecisionInput, onStep?: (probabilities: Float64Array, count: number) => void): Decided;
}

export function createDecider(encoder: Encoder): Decider {
  let capacity = 1024;
  let batch = createBatch(encoder, capacity);
  let scores = new Float64Array(capacity);
  let creators = new Uint32Array(capacity);
  const offsets = new Uint32Array(256);
  const walker = createWalker();
  const evidence = new ModelEvidence();
  const traits = createTraits();
  /** Policies and examination curves, made once for tunables that live as long as the process. */
  const made = new WeakMap<HomeTunables, Map<string, Rules>>();
  const rulesOf = (tunables: HomeTunables, policyId: string, cold: boolean): Rules => {
    const byPolicy = made.get(tunables) ?? new Map<string, Rules>();
    made.set(tunables, byPolicy);
    const name = cold ? `${policyId}, cold` : policyId;
    let rules = byPolicy.get(name);
    if (rules === undefined) {
      const examination = Object.fromEntries(
        SURFACES.map((surface) => [surface, examinationOf(tunables.surfaces[surface])]),
      ) as Record<Surface, Float64Array>;
      rules = {
        policy: policyUnder(policyId, tunables, cold),
        examination,
        readsTraits: doesReadTraits(resolveComposition(tunables.composition)),
      };
      byPolicy.set(name, rules);
    }
    return rules;
  };

  /** Do the features of the decision stand in the batch, and whose predictions of it in the scores? */
  let isEncoded = false;
  let scoredBy: RewardModel | undefined;

  const prepare = (input: DecisionInput, isSame = false): Prepared => {
    const { shelves, catalog, tunables, model } = input;
    const { policy, examination, readsTraits } = rulesOf(tunables, input.policyId, isCold(input.view, tunables));
    let total = 0;
    for (let s = 0; s < shelves.length; s++) {
      offsets[s] = total;
      total += shelves[s].count;
    }
    if (total > capacity) {
      capacity = 2 ** Math.ceil(Math.log2(total));
      batch = createBatch(encoder, capacity);
      scores = new Float64Array(capacity);
      creators = new Uint32Array(capacity);
    }
    if (!isSame) {
      isEncoded = false;
      scoredBy = undefined;
    }

    if (input.policyId !== 'popularity' && model !== undefined) {
      if (!isEncoded) {
        const bound = encoder.bind({
          view: input.view,
          atMs: input.atMs,
          device: input.device,
          market: input.marketNumber,
          catalog,
          counters: input.counters,
          embedding: input.embedding ?? EMPTY_EMBEDDING,
        });
        for (let s = 0; s < shelves.length; s++)
          bound.encode(shelves[s], shelves[s].items, shelves[s].count, batch, offsets[s]);
        isEncoded = true;
      }
      if (scoredBy !== model) model.predict(batch, total, scores);
      scoredBy = model;
    } else {
      scorePopularity(shelves, input.counters, scores, offsets);
      scoredBy = undefined;
    }

    const isEvident = policy.needs.kind !== 'none';
    if (isEvident) evidence.read(policy, model, batch, total, input.seed);

    const policyShelves: PolicyShelf[] = [];
    for (let s = 0; s < shelves.length; s++) {
      const at = offsets[s];
      const { count } = shelves[s];
      const end = at + count;
      const plain = policyShelfOf(shelves[s], catalog, creators.subarray(at, end), scores.subarray(at, end));
      policyShelves.push(isEvident ? { ...plain, ...evidence.of(policy, at, count) } : plain);
    }
    const surface = surfaceOf(input.device);
    const problem: PageProblem = {
      shelves: policyShelves,
      shelfLimit: tunables.surfaces[surface].shelves,
      creatorCapPerRow: tunables.creatorCapPerRow,
      creatorCapPerPage: tunables.creatorCapPerPage,
      examinationByCard: examination[surface],
      drawCount: policy.needs.draws,
      learned: model?.learned,
      traits: readsTraits
        ? traits({
            view: input.view,
            catalog,
            counters: input.counters,
            embedding: input.embedding ?? EMPTY_EMBEDDING,
            newcomerPlays: tunables.newcomerPlays,
          })
        : undefined,
    };
    return { scores, offsets, batch, candidates: total, problem, policy };
  };

  return {
    encoder,
    lacked: ({ policyId, tunables, model }) => lackedEvidence(rulesOf(tunables, policyId, false).policy, model),
    prepare,
    decide(input, onStep) {
      const prepared = prepare(input);
      const page = samplePage(
        prepared.problem,
        prepared.policy,
        input.seed,
        walker,
        onStep === undefined ? undefined : (step) => onStep(step.probabilities, step.count),
      );
      return { ...prepared, page };
    },
  };
}

/** ln(1 + plays) as a share of the most played item's: 0 to 1. */
function scorePopularity(
  shelves: readonly DecisionShelf[],
  counters: Counters,
  scores: Float64Array,
  offsets: Uint32Array,
): void {
  const most = counters.topItems.length > 0 ? counters.plays[counters.topItems[0]] : 0;
  const scale = most > 0 ? 1 / Math.log1p(most) : 0;
  for (let s = 0; s < shelves.length; s++) {
    const { items, count } = shelves[s];
    for (let i = 0; i < count; i++) {
      const item = items[i];
      const plays =
        item < counters.plays.length
          ? counters.plays[item]
          : isGenerated(item)
            ? generatedPlays(counters, slotOf(item))
            : 0;
      scores[offsets[s] + i] = Math.log1p(plays) * scale;
    }
  }
}
