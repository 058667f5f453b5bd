/**
 * Labelled rows as a bandit's log with a known truth: a row is a context, a class an action, the reward 1 where the class was
 * the row's and 0 elsewhere. A weak policy chooses and its chances are logged; what the other classes would have earned is
 * not. (The set-up of Dudík, Langford & Li 2011 and of Swaminathan & Joachims 2015.)
 *
 * | rows | share | used for |
 * | --- | --- | --- |
 * | test | `test` of all | measures; nothing is learnt from them |
 * | tutor | `loggingShare` of the others | the logging policy's classifier: multinomial logistic regression |
 * | log | the rest | one choice a row |
 */
import { createRng, type Rng, requireRange, resolveOptions, ShelfwiseError, shuffledOrder } from '../../base/index.ts';
import {
  type ContextualLog,
  type ContextualPolicy,
  distributionOf,
  gradientLearner,
  underPolicy,
} from '../../counterfactual/index.ts';
import { softmax } from '../../policy/index.ts';
import { type ContextMatrix, contextMatrix } from '../classification/contexts.ts';
import type { ClassificationData } from '../classification/data.ts';

export interface LoggingOptions {
  /** Share of the rows that only measure, (0, 0.9]. @default 0.3 */
  readonly test: number;
  /** Share of the other rows that the logging policy's classifier is learnt from, at least two rows a class. @default 0.02 */
  readonly loggingShare: number;
  /** Of its softmax; larger is nearer to chance. @default 1 */
  readonly temperature: number;
  /** Share of uniform choice: no class has a smaller chance than epsilon / classes. (0, 1] @default 0.2 */
  readonly epsilon: number;
}

const DEFAULTS: LoggingOptions = { test: 0.3, loggingShare: 0.02, temperature: 1, epsilon: 0.2 };
const OWNER = 'ope learn';

export interface LabelledContexts {
  readonly rows: number;
  readonly contexts: Float64Array;
  readonly labels: Uint32Array;
}

export interface LabelledLog {
  readonly options: Readonly<LoggingOptions>;
  readonly log: ContextualLog;
  /** The classes of the log's rows: for what full supervision would learn. */
  readonly labels: Uint32Array;
  readonly test: LabelledContexts;
  readonly tutorRows: number;
  readonly logging: ContextualPolicy;
}

/** A function of the data, the options and the generator's state. Throws `OPTION_INVALID`. */
export async function labelledLog(
  data: ClassificationData,
  given: Partial<LoggingOptions>,
  rng: Rng,
): Promise<LabelledLog> {
  const options = resolveOptions<LoggingOptions>(OWNER, given, DEFAULTS);
  requireRange(OWNER, 'test', options.test, 1e-6, 0.9);
  requireRange(OWNER, 'loggingShare', options.loggingShare, 1e-6, 0.9);
  requireRange(OWNER, 'temperature', options.temperature, 1e-6, 1e6);
  requireRange(OWNER, 'epsilon', options.epsilon, 1e-6, 1);
  const matrix = contextMatrix(data);
  const order = shuffledOrder(data.rows, rng.fork(0));
  const testRows = Math.max(1, Math.round(data.rows * options.test));
  const others = order.subarray(testRows);
  const tutor = tutorOf(others, data, Math.round(others.length * options.loggingShare));
  const chosen = new Set(tutor);
  const logged = others.filter((row) => !chosen.has(row));
  if (logged.length < 2) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${data.rows} rows leave ${logged.length} to log; lower test or loggingShare`,
    );
  }
  const classes = data.classes.length;
  const taught = rowsOf(matrix, data, tutor);
  const tutored = await gradientLearner('classifier', { l2: [0.01] }).learn(
    supervisedLog(taught, matrix.width, classes),
    createRng(0),
  );
  const { temperature, epsilon } = options;
  const logging = underPolicy(tutored, softmax({ temperature, epsilon }));
  const { labels, ...space } = rowsOf(matrix, data, logged);
  return {
    options,
    log: draw({ ...space, contextWidth: matrix.width, actions: classes }, labels, logging, rng.fork(1)),
    labels,
    test: rowsOf(matrix, data, order.subarray(0, testRows)),
    tutorRows: tutor.length,
    logging,
  };
}

/** What full supervision learns from: every row took the right class, for sure, and was rewarded. */
export function supervisedLog(
  { rows, contexts, labels }: LabelledContexts,
  contextWidth: number,
  actions: number,
): ContextualLog {
  const ones = new Float64Array(rows).fill(1);
  return { rows, actions, contextWidth, contexts, taken: labels, rewards: ones, propensities: ones };
}

export interface Accuracy {
  /** Mean chance of the row's class under the policy: its value here. */
  readonly accuracy: number;
  /** Share of rows whose class has the highest score (equal ones share). */
  readonly greedyAccuracy: number;
}

/** @param greedy the policy in its greedy form. */
export function accuracyOf(policy: ContextualPolicy, greedy: ContextualPolicy, test: LabelledContexts): Accuracy {
  const mean = (of: ContextualPolicy): number => {
    const chances = distributionOf(of, test.contexts, test.rows);
    let sum = 0;
    for (let i = 0; i < test.rows; i++) sum += chances[i * of.actions + test.labels[i]];
    return sum / test.rows;
  };
  return { accuracy: mean(policy), greedyAccuracy: mean(greedy) };
}

function draw(
  space: Pick<ContextualLog, 'rows' | 'contexts' | 'contextWidth' | 'actions'>,
  labels: Uint32Array,
  logging: ContextualPolicy,
  rng: Rng,
): ContextualLog {
  const { rows, actions, contexts } = space;
  const chances = distributionOf(logging, contexts, rows);
  const taken = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    let u = rng.uniform();
    let a = 0;
    while (a < actions - 1 && u >= chances[i * actions + a]) u -= chances[i * actions + a++];
    taken[i] = a;
  }
  return {
    ...space,
    taken,
    rewards: Float64Array.from(taken, (a, i) => Number(a === labels[i])),
    propensities: Float64Array.from(taken, (a, i) => chances[i * actions + a]),
  };
}

/** The first rows of the order, and of each class as many as it takes to have two. */
function tutorOf(order: Uint32Array, { labels, classes }: ClassificationData, share: number): Uint32Array {
  const counts = new Uint32Array(classes.length);
  const tutor: number[] = [];
  for (const [place, row] of order.entries()) {
    if (place >= share && counts[labels[row]] >= 2) continue;
    counts[labels[row]]++;
    tutor.push(row);
  }
  return Uint32Array.from(tutor);
}

function rowsOf({ width, contexts }: ContextMatrix, data: ClassificationData, rows: Uint32Array): LabelledContexts {
  const out = new Float64Array(rows.length * width);
  for (let k = 0; k < rows.length; k++) {
    out.set(contexts.subarray(rows[k] * width, (rows[k] + 1) * width), k * width);
  }
  return { rows: rows.length, contexts: out, labels: Uint32Array.from(rows, (row) => data.labels[row]) };
}
