/**
 * q̂(x, a): expected rewards of all actions, by any family of reward models.
 *
 * | form | rows that a model reads | use |
 * | --- | --- | --- |
 * | `shared` | one model over (context, action's features), or (context, a slot for the action) | few rows an action; families that find interactions by themselves. A linear family then ranks the actions alike in every context |
 * | `perAction` | a model an action, over contexts alone | enough rows of each action; linear families |
 *
 * Families learn labels in [0, 1]: rewards beyond are brought there by the range of those to learn from, and back.
 */
import { type Rng, requireOneOf, requireRange, resolveOptions } from '../../base/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import { type FitOptions, freshModel, type Learner, partOptions, type RewardModel } from '../../models/index.ts';
import type { ContextualLog } from './contextual-log.ts';

export type RewardForm = 'shared' | 'perAction';

export interface RewardFitOptions {
  /** Of the families of reward models. @default 'logistic' */
  readonly family: string;
  /** Options of the family and of its fit, over what suits a log. @default {} */
  readonly model: Readonly<Record<string, unknown>>;
  /** @default 'shared' */
  readonly form: RewardForm;
  /**
   * `perAction` only: rows of the mean context with the mean reward of all actions that each action's rows are joined by, in
   * units of mean rows. An action that was hardly taken is then taken for one like the others. @default 1
   */
  readonly priorRows: number;
}

export const REWARD_FIT_DEFAULTS: RewardFitOptions = { family: 'logistic', model: {}, form: 'shared', priorRows: 1 };

export function resolveRewardFit(given: Partial<RewardFitOptions>): Readonly<RewardFitOptions> {
  const options = resolveOptions<RewardFitOptions>('reward model', given, REWARD_FIT_DEFAULTS);
  requireOneOf('reward model', 'form', options.form, ['shared', 'perAction']);
  requireRange('reward model', 'priorRows', options.priorRows, 0, 1e6);
  return options;
}

/** What families take where nothing else is asked: the optimum itself where there is one, and nothing that is not read. */
const SUITS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  logistic: { learning: 'batch', posterior: 'none' },
};

/** The contexts and actions that a log, or any other source of rewards, is about. */
export type ActionSpace = Pick<ContextualLog, 'rows' | 'actions' | 'contextWidth' | 'contexts' | 'actionFeatures'>;

/** Rewards to learn from: of row `rows[i]`'s context, action `actions[i]`. */
export interface RewardSamples {
  readonly rows: Uint32Array;
  readonly actions: Uint32Array;
  readonly rewards: Float64Array;
  /** At least 0; a sample of weight 2 counts as that sample twice. */
  readonly weights: Float64Array;
}

/** Fitted q̂. */
export interface ActionRewards {
  readonly actions: number;
  readonly contextWidth: number;
  /** out[r * actions + a] = q̂(x_r, a), finite, of the first `rows` contexts. */
  predict(contexts: Float64Array, rows: number, out: Float64Array): void;
}

export interface FitHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Contexts that are predicted together. */
const BLOCK_ROWS = 512;

/**
 * Fits q̂ by weighted samples. The same generator state gives the same model.
 * Throws `OPTION_INVALID` for a family or an option that there is not, `EXAMPLES_INVALID` where no sample has weight.
 */
export async function fitActionRewards(
  space: ActionSpace,
  samples: RewardSamples,
  given: Partial<RewardFitOptions>,
  rng: Rng,
  hooks: FitHooks = {},
): Promise<ActionRewards> {
  const options = resolveRewardFit(given);
  const scale = rangeOf(samples.rewards);
  return options.form === 'shared'
    ? fitShared(space, samples, options, scale, rng, hooks)
    : fitPerAction(space, samples, options, scale, rng, hooks);
}

/** label = (reward - low) / span. */
interface RewardScale {
  readonly low: number;
  readonly span: number;
}

function rangeOf(rewards: Float64Array): RewardScale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const reward of rewards) {
    low = Math.min(low, reward);
    high = Math.max(high, reward);
  }
  if (low >= 0 && high <= 1) return { low: 0, span: 1 };
  return { low, span: high > low ? high - low : 1 };
}

function labelOf(reward: number, { low, span }: RewardScale): number {
  return Math.min(1, Math.max(0, (reward - low) / span));
}

function freshFor(shape: EncoderShape, options: RewardFitOptions): { model: Learner; fit: Record<string, unknown> } {
  const parts = partOptions(options.family, { ...SUITS[options.family], ...options.model });
  return { model: freshModel(options.family, shape, parts.model), fit: { ...parts.fit } };
}

function fitOptionsOf(fit: Record<string, unknown>, rng: Rng, { signal, onProgress }: FitHooks): FitOptions {
  return {
    ...fit,
    rng,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/** Contexts as dense columns; then the action's features as dense columns, or the action as a slot, or nothing of it. */
function shapeOf({ contextWidth, actions, actionFeatures }: ActionSpace, form: RewardForm): EncoderShape {
  const featureWidth = form === 'shared' ? (actionFeatures?.width ?? 0) : 0;
  const hasSlot = form === 'shared' && actionFeatures === undefined;
  const named = (prefix: string, count: number) => Array.from({ length: count }, (_, j) => `${prefix} ${j}`);
  return {
    hash: `contextual log ${contextWidth} x ${actions}, ${form}, ${featureWidth}`,
    denseWidth: contextWidth + featureWidth,
    sparseWidth: hasSlot ? 1 : 0,
    buckets: hasSlot ? 2 ** Math.ceil(Math.log2(actions + 1)) : 2,
    denseNames: [...named('context', contextWidth), ...named('action feature', featureWidth)],
    sparseNames: hasSlot ? ['action'] : [],
  };
}

function writeContext(batch: FeatureBatch, at: number, contexts: Float64Array, row: number, width: number): void {
  const target = at * batch.denseWidth;
  for (let j = 0; j < width; j++) batch.dense[target + j] = contexts[row * width + j];
}

function writeAction(batch: FeatureBatch, at: number, action: number, { contextWidth, actionFeatures }: ActionSpace) {
  if (actionFeatures === undefined) {
    batch.sparse[at] = action + 1;
    return;
  }
  const { width, features } = actionFeatures;
  const target = at * batch.denseWidth + contextWidth;
  for (let j = 0; j < width; j++) batch.dense[target + j] = features[action * width + j];
}

async function fitShared(
  space: ActionSpace,
  samples: RewardSamples,
  options: RewardFitOptions,
  scale: RewardScale,
  rng: Rng,
  hooks: FitHooks,
): Promise<ActionRewards> {
  const { actions, contextWidth } = space;
  const shape = shapeOf(space, 'shared');
  const count = samples.rows.length;
  const batch = createBatch(shape, count);
  for (let i = 0; i < count; i++) {
    writeContext(batch, i, space.contexts, samples.rows[i], contextWidth);
    writeAction(batch, i, samples.actions[i], space);
  }
  const { model, fit } = freshFor(shape, options);
  const labels = Float32Array.from(samples.rewards, (reward) => labelOf(reward, scale));
  await model.fit(
    { batch, labels, weights: boundedWeights(samples.weights), rows: count },
    fitOptionsOf(fit, rng, hooks),
  );
  const block = createBatch(shape, BLOCK_ROWS * actions);
  const scores = new Float64Array(BLOCK_ROWS * actions);
  return {
    actions,
    contextWidth,
    predict(contexts, rows, out) {
      for (let from = 0; from < rows; from += BLOCK_ROWS) {
        const size = Math.min(BLOCK_ROWS, rows - from);
        for (let i = 0; i < size; i++) {
          for (let a = 0; a < actions; a++) {
            writeContext(block, i * actions + a, contexts, from + i, contextWidth);
            writeAction(block, i * actions + a, a, space);
          }
        }
        model.predict(block, size * actions, scores);
        for (let k = 0; k < size * actions; k++) out[from * actions + k] = scale.low + scale.span * scores[k];
      }
    },
  };
}

async function fitPerAction(
  space: ActionSpace,
  samples: RewardSamples,
  options: RewardFitOptions,
  scale: RewardScale,
  rng: Rng,
  hooks: FitHooks,
): Promise<ActionRewards> {
  const { actions, contextWidth } = space;
  const shape = shapeOf(space, 'perAction');
  const prior = priorOf(space, samples);
  const weights = boundedWeights(samples.weights);
  const ofAction: number[][] = Array.from({ length: actions }, () => []);
  for (let i = 0; i < samples.rows.length; i++) if (weights[i] > 0) ofAction[samples.actions[i]].push(i);
  const models: (RewardModel | undefined)[] = [];
  for (let a = 0; a < actions; a++) {
    const own = ofAction[a];
    const hasPrior = options.priorRows > 0;
    if (own.length === 0) {
      models.push(undefined);
      continue;
    }
    const rows = own.length + (hasPrior ? 1 : 0);
    const batch = createBatch(shape, rows);
    const labels = new Float32Array(rows).fill(labelOf(prior.reward, scale));
    const weightsOfRows = new Float32Array(rows).fill(options.priorRows * prior.weight);
    for (let k = 0; k < own.length; k++) {
      writeContext(batch, k, space.contexts, samples.rows[own[k]], contextWidth);
      labels[k] = labelOf(samples.rewards[own[k]], scale);
      weightsOfRows[k] = weights[own[k]];
    }
    if (hasPrior) writeContext(batch, own.length, prior.context, 0, contextWidth);
    const { model, fit } = freshFor(shape, options);
    const onProgress = hooks.onProgress && ((share: number) => hooks.onProgress?.((a + share) / actions));
    await model.fit(
      { batch, labels, weights: weightsOfRows, rows },
      fitOptionsOf(fit, rng.fork(a), { ...hooks, onProgress }),
    );
    models.push(model);
  }
  const block = createBatch(shape, BLOCK_ROWS);
  const scores = new Float64Array(BLOCK_ROWS);
  return {
    actions,
    contextWidth,
    predict(contexts, rows, out) {
      for (let from = 0; from < rows; from += BLOCK_ROWS) {
        const size = Math.min(BLOCK_ROWS, rows - from);
        for (let i = 0; i < size; i++) writeContext(block, i, contexts, from + i, contextWidth);
        for (let a = 0; a < actions; a++) {
          const model = models[a];
          model?.predict(block, size, scores);
          for (let i = 0; i < size; i++) {
            out[(from + i) * actions + a] = model === undefined ? prior.reward : scale.low + scale.span * scores[i];
          }
        }
      }
    },
  };
}

/** Mean context, reward and weight of the samples that have weight. */
function priorOf({ contexts, contextWidth }: ActionSpace, { rows, rewards, weights }: RewardSamples) {
  const context = new Float64Array(contextWidth);
  let weight = 0;
  let reward = 0;
  let weighed = 0;
  for (let i = 0; i < rows.length; i++) {
    if (weights[i] === 0) continue;
    weight += weights[i];
    weighed++;
    reward += weights[i] * rewards[i];
    for (let j = 0; j < contextWidth; j++) context[j] += weights[i] * contexts[rows[i] * contextWidth + j];
  }
  return {
    context: context.map((sum) => sum / weight),
    reward: reward / weight,
    weight: boundedFactor(weights) * (weight / weighed),
  };
}

/** Families take no weight beyond it. */
const MOST_WEIGHT = 1e8;

function boundedFactor(weights: Float64Array): number {
  let most = 0;
  for (const weight of weights) most = Math.max(most, weight);
  return most > MOST_WEIGHT ? MOST_WEIGHT / most : 1;
}

/** All weights alike smaller where one is beyond what families take. */
function boundedWeights(weights: Float64Array): Float32Array {
  const factor = boundedFactor(weights);
  return Float32Array.from(weights, (weight) => factor * weight);
}
