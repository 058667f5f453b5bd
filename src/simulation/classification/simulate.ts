/** `shelfwise simulate classification`: policies and models on labelled data turned into contextual bandits. */
import { requireRange, ShelfwiseError, startCrew } from '../../base/index.ts';
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
 * Chances that are counted in draws cost by the draw, for every row: here, thousands of rows long, fewer do.
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

/** What one order came to. */
export interface OrderFigures {
  /** Progressive validation loss, [0, 1]. */
  readonly loss: number;
  /** NaN where nothing was lost. */
  readonly slope: number;
}

/** A policy with a model, ready for any order. */
interface Contest {
  readonly policy: Policy;
  readonly importance: Importance;
  readonly context: Partial<ContextOptions>;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly fitOptions: Readonly<Record<string, unknown>>;
  readonly make: (encoder: EncoderShape) => Learner;
  /** Why the policy cannot go with the model, or null. */
  readonly unfit: string | null;
}

function contestOf(data: ClassificationData, options: SimulationOptions): Contest {
  const policy = simulatedPolicy(options);
  const context = { ...contextFor(options.model), ...options.context };
  const { shape } = createContextEncoder(data, context);
  const parts = partOptions(options.model, {
    ...modelOptionsFor(options.model, policy, shape),
    ...options.modelOptions,
  });
  const make = (encoder: EncoderShape): Learner => learnerFor(options.model, policy, encoder, parts.model);
  return {
    policy,
    importance: options.importance ?? (INVERSE.has(policy.id) ? 'inverse' : 'none'),
    context,
    modelOptions: { ...parts.model, ...parts.fit },
    fitOptions: parts.fit,
    make,
    unfit: whyUnfit(policy, make(shape)),
  };
}

/**
 * One seeded order of the rows, from 0. A function of data, options and order alone. Throws `OPTION_INVALID` for what there is
 * not, and where the model does not give what the policy asks for; rejects with the signal's reason.
 */
export async function simulateOrder(
  data: ClassificationData,
  options: SimulationOptions,
  order: number,
  { onRows, signal }: { readonly onRows?: (rows: number) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<OrderFigures> {
  const { policy, importance, context, make, fitOptions, unfit } = contestOf(data, options);
  if (unfit !== null) throw new ShelfwiseError('OPTION_INVALID', unfit);
  const { seed = 1 } = options;
  const { losses } = await runOrder(data, {
    order,
    seed,
    policy,
    model: make,
    fitOptions,
    importance,
    context,
    signal,
    onRows,
  });
  return { loss: losses[data.rows - 1] / data.rows, slope: regretSlope(losses) };
}

/** Runs the data in seeded orders, one after the other. Throws and rejects as `simulateOrder`. */
export async function simulateClassification(
  data: ClassificationData,
  options: SimulationOptions,
  { onProgress, signal }: SimulationHooks = {},
): Promise<SimulationReport> {
  const orders = requireOrders(options);
  const figures: OrderFigures[] = [];
  for (let order = 0; order < orders; order++) {
    const onRows = (rows: number): void =>
      onProgress?.((order + rows / data.rows) / orders, `order ${order + 1} of ${orders}, ${rows} rows`);
    figures.push(await simulateOrder(data, options, order, { onRows, signal }));
  }
  return reportOf(data, options, contestOf(data, options), figures);
}

function requireOrders({ orders = 10 }: SimulationOptions): number {
  requireRange('simulate classification', 'orders', orders, 1, 1000);
  return orders;
}

function reportOf(
  data: ClassificationData,
  { model, seed = 1 }: SimulationOptions,
  { policy, importance, modelOptions }: Contest,
  figures: readonly OrderFigures[],
): SimulationReport {
  const lossByOrder = figures.map(({ loss }) => loss);
  const { mean, interval } = meanInterval(lossByOrder);
  const slope = meanInterval(figures.map((one) => one.slope).filter((one) => !Number.isNaN(one))).mean;
  return {
    policy: policy.id,
    policyOptions: policy.options,
    model,
    modelOptions,
    importance,
    rows: data.rows,
    classes: data.classes.length,
    orders: figures.length,
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

/** One order of one cell: what a thread is asked for. */
export interface OrderTask {
  readonly options: SimulationOptions;
  readonly order: number;
}

/**
 * Every policy named with every model named; `each` names all. The orders of all cells are shared out among `threads`, on which
 * the figures do not depend. `onCell` hears of each cell as it is done. In a table of many, a model that does not give what a
 * policy asks for is a finding; of one cell, it is `OPTION_INVALID`. Rejects with the signal's reason.
 */
export async function simulateTable(
  data: ClassificationData,
  options: SimulationOptions,
  threads: number,
  {
    onProgress,
    onCell,
    signal = new AbortController().signal,
  }: SimulationHooks & {
    readonly onCell?: ((cell: TableCell) => void) | undefined;
  } = {},
): Promise<readonly TableCell[]> {
  const orders = requireOrders(options);
  const policies = options.policy === 'each' ? SIMULATED_POLICIES : [options.policy];
  const models = options.model === 'each' ? FAMILY_IDS : [options.model];
  const asked = models.flatMap((model) => policies.map((policy) => ({ ...options, policy, model })));
  const contests = asked.map((one) => contestOf(data, one));
  if (asked.length === 1 && contests[0].unfit !== null) throw new ShelfwiseError('OPTION_INVALID', contests[0].unfit);

  const cells: TableCell[] = [];
  const figures: OrderFigures[][] = asked.map(() => []);
  const tasks: (OrderTask & { readonly cell: number })[] = [];
  for (const [cell, one] of asked.entries()) {
    const { unfit } = contests[cell];
    if (unfit === null) for (let order = 0; order < orders; order++) tasks.push({ cell, options: one, order });
    else cells[cell] = { policy: one.policy, model: one.model, reason: unfit };
  }
  const shares = new Float64Array(tasks.length);
  const tell = (share: number, index: number): void => {
    shares[index] = share;
    const { options: of, order } = tasks[index];
    const done = shares.reduce((sum, one) => sum + one, 0);
    onProgress?.(done / tasks.length, `${of.policy}, ${of.model}: order ${order + 1} of ${orders}`);
  };
  const crew = startCrew<OrderTask, OrderFigures>('order-thread', import.meta.url, {
    name: 'simulation',
    count: Math.min(threads, Math.max(1, tasks.length)),
    equipment: data,
  });
  try {
    await crew.run(tasks, {
      onReply: (reply, index) => {
        const { cell, options: of, order } = tasks[index];
        figures[cell][order] = reply;
        tell(1, index);
        if (figures[cell].filter(() => true).length < orders) return;
        cells[cell] = { policy: of.policy, model: of.model, report: reportOf(data, of, contests[cell], figures[cell]) };
        onCell?.(cells[cell]);
      },
      onProgress: tell,
      signal,
    });
  } finally {
    await crew.close();
  }
  return cells;
}

/** Families that find what goes with what by themselves are not given every pair. */
function contextFor(family: string): Partial<ContextOptions> {
  return family === 'logistic' || family === 'linear' ? {} : { pairs: 0 };
}

/** What suits rows of hundreds of crossed indicators, of which a class knows few at first. */
function modelOptionsFor(family: string, policy: Policy, shape: EncoderShape): Readonly<Record<string, unknown>> {
  const isKnown = policy.needs.kind !== 'none' && policy.needs.kind !== 'replicas';
  if (family === 'logistic') {
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
  // What nobody asks for is not kept: the same scores without it.
  if (family === 'fm' && !isKnown) return { posterior: 'none' };
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
