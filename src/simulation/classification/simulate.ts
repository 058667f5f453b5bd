/** `shelfwise simulate classification`: policies and models on labelled data turned into contextual bandits. */
import { requireRange, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import {
  ensembleFamily,
  FAMILY_IDS,
  freshModel,
  isOnline,
  type Learner,
  onlineEnsembleFamily,
  partOptions,
} from '../../models/index.ts';
import { POLICY_IDS, type Policy, type PolicyOptions, policyOf } from '../../policy/index.ts';
import type { ClassificationData } from './data.ts';
import { type ContextOptions, createContextEncoder } from './encoder.ts';
import { meanInterval, regretSlope } from './figures.ts';
import { runOrder, whyUnfit } from './run.ts';

/**
 * How a choice is learnt from:
 *  - `inverse`: weighted by 1 / (K p), what Vowpal Wabbit's `mtr` does: a policy with a class that cannot be right (a linear model)
 *    is then trained for all contexts alike, not for those in which it happened to choose;
 *  - `none`: as it is, what regression-based exploration (SquareCB, FastCB, RegCB) and posteriors ask for.
 */
export type Importance = 'inverse' | 'none';

/** Policies whose theory takes cost-sensitive learning from weighted choices; all others take plain regression. */
const INVERSE: ReadonlySet<string> = new Set([
  'plackett-luce',
  'softmax',
  'epsilon-greedy',
  'bootstrap-thompson',
  'online-cover',
]);

/**
 * Chances that are counted in draws cost as many scorings a row: here, thousands of rows long, fewer do.
 * A chance is then a multiple of 1/32 before the floor.
 */
const FEWER_DRAWS: Readonly<Record<string, PolicyOptions>> = {
  thompson: { draws: 32 },
  'top-two-thompson': { draws: 32 },
};

export interface SimulationOptions {
  readonly policy: string;
  readonly policyOptions?: PolicyOptions | undefined;
  readonly model: string;
  /** Of the family, over what suits these data. */
  readonly modelOptions?: Readonly<Record<string, unknown>> | undefined;
  /** How many seeded shuffles of the rows, 1 to 1000. @default 10 */
  readonly orders?: number | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
  /** @default what the policy's theory asks for */
  readonly importance?: Importance | undefined;
  readonly context?: Partial<ContextOptions> | undefined;
}

export interface SimulationReport {
  readonly policy: string;
  readonly policyOptions: PolicyOptions;
  readonly model: string;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly importance: Importance;
  readonly rows: number;
  readonly classes: number;
  readonly orders: number;
  readonly seed: number;
  /** Mean over orders of the progressive validation loss: the share of rows whose class was not chosen, [0, 1]. */
  readonly pvLoss: number;
  /** 95% of that mean over orders (Student's t); null for one order. */
  readonly pvLossCi: readonly [number, number] | null;
  /** Mean over orders of the slope of ln(cumulative regret) over ln(t), of the last five doublings; null where nothing was lost. */
  readonly regretSlope: number | null;
  readonly lossByOrder: readonly number[];
}

export interface SimulationHooks {
  readonly onProgress?: ((share: number, note: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the data in seeded orders. A function of data and options alone. Throws `OPTION_INVALID` for what there is not, and
 * where the model does not give what the policy asks for; rejects with the signal's reason.
 */
export async function simulateClassification(
  data: ClassificationData,
  options: SimulationOptions,
  { onProgress, signal }: SimulationHooks = {},
): Promise<SimulationReport> {
  const { orders = 10, seed = 1 } = options;
  requireRange('simulate classification', 'orders', orders, 1, 1000);
  const policy = simulatedPolicy(options);
  const importance = options.importance ?? (INVERSE.has(policy.id) ? 'inverse' : 'none');
  const context = { ...contextFor(options.model), ...options.context };
  const { shape } = createContextEncoder(data, context);
  const parts = partOptions(options.model, {
    ...modelOptionsFor(options.model, policy, shape),
    ...options.modelOptions,
  });
  const make = (encoder: EncoderShape): Learner => learnerFor(options.model, policy, encoder, parts.model);
  const unfit = whyUnfit(policy, make(shape));
  if (unfit !== null) throw new ShelfwiseError('OPTION_INVALID', unfit);
  const lossByOrder: number[] = [];
  const slopes: number[] = [];
  for (let order = 0; order < orders; order++) {
    const { losses } = await runOrder(data, {
      order,
      seed,
      policy,
      model: make,
      fitOptions: parts.fit,
      importance,
      context,
      signal,
      onRows: (rows) =>
        onProgress?.((order + rows / data.rows) / orders, `order ${order + 1} of ${orders}, ${rows} rows`),
    });
    lossByOrder.push(losses[data.rows - 1] / data.rows);
    slopes.push(regretSlope(losses));
  }
  const { mean, interval } = meanInterval(lossByOrder);
  const slope = meanInterval(slopes.filter((one) => !Number.isNaN(one))).mean;
  return {
    policy: policy.id,
    policyOptions: policy.options,
    model: options.model,
    modelOptions: { ...parts.model, ...parts.fit },
    importance,
    rows: data.rows,
    classes: data.classes.length,
    orders,
    seed,
    pvLoss: mean,
    pvLossCi: interval,
    regretSlope: Number.isNaN(slope) ? null : slope,
    lossByOrder,
  };
}

function simulatedPolicy({ policy, policyOptions }: SimulationOptions): Policy {
  return policyOf(policy, { ...FEWER_DRAWS[policy], ...policyOptions });
}

/** One cell of the table of policies and models: figures, or why there are none. */
export type TableCell =
  | { readonly policy: string; readonly model: string; readonly report: SimulationReport }
  | { readonly policy: string; readonly model: string; readonly reason: string };

/** Ids that `each` stands for. `popularity` is greedy over counts that these data have not. */
export const SIMULATED_POLICIES: readonly string[] = POLICY_IDS.filter((id) => id !== 'popularity');

/** Every policy named with every model named; `each` names all. */
export async function simulateTable(
  data: ClassificationData,
  options: SimulationOptions,
  { onProgress, signal }: SimulationHooks = {},
): Promise<readonly TableCell[]> {
  const policies = options.policy === 'each' ? SIMULATED_POLICIES : [options.policy];
  const models = options.model === 'each' ? FAMILY_IDS : [options.model];
  const cells: TableCell[] = [];
  const total = policies.length * models.length;
  for (const model of models) {
    for (const policy of policies) {
      const done = cells.length;
      const hooks = {
        signal,
        onProgress: (share: number, note: string) =>
          onProgress?.((done + share) / total, `${policy}, ${model}: ${note}`),
      };
      cells.push(await cellOf(data, { ...options, policy, model }, hooks, total > 1));
    }
  }
  return cells;
}

/** A model that does not give what a policy asks for is a finding of the table, and an error of a single run. */
async function cellOf(
  data: ClassificationData,
  options: SimulationOptions,
  hooks: SimulationHooks,
  isTable: boolean,
): Promise<TableCell> {
  const { policy, model } = options;
  if (isTable) {
    const made = simulatedPolicy(options);
    const { shape } = createContextEncoder(data, contextFor(model));
    const own = partOptions(model, { ...modelOptionsFor(model, made, shape), ...options.modelOptions }).model;
    const reason = whyUnfit(made, learnerFor(model, made, shape, own));
    if (reason !== null) return { policy, model, reason };
  }
  return { policy, model, report: await simulateClassification(data, options, hooks) };
}

/** Families that find what goes with what by themselves are not given every pair. */
function contextFor(family: string): Partial<ContextOptions> {
  return family === 'logistic' || family === 'linear' ? {} : { pairs: 0 };
}

/** What suits rows of hundreds of crossed indicators, of which a class knows few at first. */
function modelOptionsFor(family: string, policy: Policy, shape: EncoderShape): Readonly<Record<string, unknown>> {
  if (family === 'logistic') {
    const isKnown = policy.needs.kind !== 'none' && policy.needs.kind !== 'replicas';
    return {
      // A row's logit moves by the steps of all its slots together.
      alpha: 0.5 / Math.sqrt(shape.sparseWidth),
      beta: 0.1,
      // Without a prior no posterior.
      l2: isKnown ? 1 : 0,
      posterior: isKnown ? 'diagonal' : 'none',
      baseRate: 0.5,
    };
  }
  if (family === 'linear') return { baseValue: 0.5, standardise: false };
  if (family === 'trees') return { minChildWeight: 0.1 };
  return {};
}

function learnerFor(
  family: string,
  policy: Policy,
  encoder: EncoderShape,
  options: Readonly<Record<string, unknown>>,
): Learner {
  if (policy.needs.kind !== 'replicas') return freshModel(family, encoder, options);
  const members = { size: policy.needs.draws };
  const fresh = (shape: EncoderShape): Learner => freshModel(family, shape, options);
  return isOnline(fresh(encoder))
    ? onlineEnsembleFamily({ fresh: fresh as never }, members).fresh(encoder)
    : ensembleFamily({ fresh }, members).fresh(encoder);
}
