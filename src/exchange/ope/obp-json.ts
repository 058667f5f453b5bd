/**
 * Logs of Open Bandit Pipeline as JSON: one object of arrays, with the names of its `BanditFeedback`, plain or of slates. Such a file is
 * read whole, up to 256 MiB; longer logs come as CSV or Parquet.
 */
import { readFileSync } from 'node:fs';
import { ShelfwiseError } from '../../base/index.ts';
import {
  cascadeModel,
  type EvaluationRows,
  evaluationRows,
  type ModelColumns,
  plainStudy,
  ratioWeights,
  type Study,
  sourceOf,
} from '../../counterfactual/index.ts';
import { requireFile } from '../text-lines.ts';
import { CHUNK_ROWS, type OpeLog } from './log.ts';

const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Plain logs have `action`, `reward`, `pscore`, `action_dist` (rounds × actions, or × positions with `position`), optionally
 * `estimated_rewards_by_reg_model` of the same shape, `expected_reward` and `listener`. Replay then judges the best action by `expected_reward`
 * (`rm(argmax expected_reward)`), without it the actions that `action_dist` takes with certainty. Logs of slates have `slate_id`, `position`, `action`,
 * `reward`, `pscore`, `pscore_item_position`, `pscore_cascade` and the three of `evaluation_policy_`, optionally `q_hat` and
 * `evaluation_policy_action_dist` (rows × actions, flat).
 * Throws `OPTION_INVALID` for a file that is none of these, `OPE_PROPENSITY_RANGE` and `OPE_ROW_INVALID` for rows, counted from 0.
 */
export function readObpJson(file: string): OpeLog {
  if (requireFile(file) > MOST_BYTES) {
    throw new ShelfwiseError('OPTION_INVALID', `${file} is larger than 256 MiB; give such a log as CSV or Parquet`);
  }
  const log = new JsonLog(file);
  const studies = log.has('slate_id') ? slateStudies(log) : [banditStudy(log)];
  return { describe: `a log of Open Bandit Pipeline, ${file}`, notes: [], studies };
}

function banditStudy(log: JsonLog): Study {
  const actions = log.numbers('action');
  const rows = actions.length;
  const rewards = log.numbers('reward', rows);
  const propensities = log.numbers('pscore', rows);
  const positions = log.optional('position', rows);
  const target = log.table('action_dist', rows, positions);
  const values = log.has('estimated_rewards_by_reg_model')
    ? log.table('estimated_rewards_by_reg_model', rows, positions)
    : undefined;
  const truths = log.has('expected_reward') ? log.table('expected_reward', rows, null) : undefined;
  const listeners = log.optional('listener', rows);
  const chosen = new Float64Array(rows);
  const matches = new Uint8Array(rows);
  const predicted = new Float64Array(values === undefined ? 0 : rows);
  const expected = new Float64Array(predicted.length);
  for (let row = 0; row < rows; row++) {
    const action = log.action(actions[row], target[row].length, row);
    chosen[row] = target[row][action];
    matches[row] = truths === undefined ? Number(chosen[row] === 1) : Number(argmax(truths[row]) === action);
    if (values === undefined) continue;
    predicted[row] = values[row][action];
    expected[row] = average(values[row], target[row]);
  }
  const weights = ratioWeights(chosen, propensities, 0, 'pscore');
  const model = values === undefined ? undefined : { predicted, expected };
  const chunks: EvaluationRows[] = [];
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const to = Math.min(rows, from + CHUNK_ROWS);
    chunks.push(
      evaluationRows({
        weights: weights.subarray(from, to),
        rewards: rewards.subarray(from, to),
        listenerOf: Uint32Array.from({ length: to - from }, (_, i) => listeners?.[from + i] ?? from + i),
        matches: matches.subarray(from, to),
        model: model && { predicted: predicted.subarray(from, to), expected: expected.subarray(from, to) },
      }),
    );
  }
  const names: Record<string, string> = { 'b-ipw(iw=true)': 'b-ipw' };
  if (truths !== undefined) names['rm(argmax expected_reward)'] = 'rm';
  return plainStudy(sourceOf(...chunks), model === undefined ? [] : ['model'], names);
}

/** Three weightings of the same rows, by what a reward is taken to depend on. */
function slateStudies(log: JsonLog): Study[] {
  const ids = log.numbers('slate_id');
  const rows = ids.length;
  const rewards = log.numbers('reward', rows);
  const positionOf = Uint16Array.from(log.numbers('position', rows));
  const decisionOf = new Uint32Array(rows);
  for (let row = 1; row < rows; row++) decisionOf[row] = decisionOf[row - 1] + (ids[row] === ids[row - 1] ? 0 : 1);
  const weigh = (suffix: string): Float64Array =>
    ratioWeights(
      log.numbers(`evaluation_policy_pscore${suffix}`, rows),
      log.numbers(`pscore${suffix}`, rows),
      0,
      `pscore${suffix}`,
    );
  const study = (name: string, weights: Float64Array, names: Record<string, string>, model?: ModelColumns): Study => ({
    name,
    source: sourceOf(evaluationRows({ weights, rewards, decisionOf, positionOf, model })),
    names,
    all: Object.keys(names),
    tune: [],
  });
  const cascade = weigh('_cascade');
  const model = log.has('q_hat') ? cascadeOf(log, decisionOf, cascade) : undefined;
  return [
    study('joint', weigh(''), { sips: 'ipw', snsips: 'snipw' }),
    study('item-position', weigh('_item_position'), { iips: 'ipw', sniips: 'snipw-position' }),
    study(
      'cascade',
      cascade,
      { rips: 'ipw', snrips: 'snipw-position', ...(model === undefined ? {} : { 'cascade-dr': 'dr' }) },
      model,
    ),
  ];
}

function cascadeOf(log: JsonLog, decisionOf: Uint32Array, weights: Float64Array): ModelColumns {
  const actionCount = log.count('n_unique_action');
  return cascadeModel({
    decisionOf,
    weights,
    actions: log.numbers('action', weights.length),
    actionCount,
    values: log.numbers('q_hat', weights.length * actionCount),
    target: log.numbers('evaluation_policy_action_dist', weights.length * actionCount),
  });
}

function argmax(values: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[best]) best = index;
  return best;
}

/** Σ p v / Σ p. */
function average(values: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (let index = 0; index < weights.length; index++) {
    sum += values[index] * weights[index];
    total += weights[index];
  }
  return sum / total;
}

/** The file's arrays, checked as they are asked for. */
class JsonLog {
  readonly #file: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(file: string) {
    this.#file = file;
    let parsed: unknown;
    try {
      parsed = JSON.parse(readFileSync(file, 'utf8'));
    } catch (cause) {
      throw new ShelfwiseError('OPTION_INVALID', `${file} is not JSON`, { cause });
    }
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw this.#bad('is not an object');
    this.#fields = parsed as Record<string, unknown>;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  count(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw this.#bad(`has no number ${name}`);
    return value;
  }

  numbers(name: string, length?: number): Float64Array {
    const list = this.#fields[name];
    if (!Array.isArray(list)) throw this.#bad(`has no list ${name}`);
    if (length !== undefined && list.length !== length) {
      throw this.#bad(`has ${list.length} entries of ${name} and not ${length}`);
    }
    const numbers = new Float64Array(list.length);
    for (let index = 0; index < list.length; index++) {
      // JSON has no NaN; what is no number becomes one, and is refused with its row.
      numbers[index] = typeof list[index] === 'number' ? list[index] : Number.NaN;
    }
    return numbers;
  }

  optional(name: string, length: number): Float64Array | null {
    return this.has(name) ? this.numbers(name, length) : null;
  }

  /** Rows × actions, at each row's position where there are positions. */
  table(name: string, rows: number, positions: Float64Array | null): readonly (readonly number[])[] {
    const table = this.#fields[name];
    if (!Array.isArray(table) || table.length !== rows) throw this.#bad(`has no ${name} of ${rows} rows`);
    return table.map((cells: unknown, row) => {
      if (!Array.isArray(cells) || cells.length === 0) throw this.#bad(`has no list at row ${row} of ${name}`);
      return cells.map((cell: unknown) => {
        const value = Array.isArray(cell) ? cell[positions?.[row] ?? 0] : cell;
        if (typeof value !== 'number') throw this.#bad(`has no number at row ${row} of ${name}`);
        return value;
      });
    });
  }

  action(value: number, actions: number, row: number): number {
    if (Number.isInteger(value) && value >= 0 && value < actions) return value;
    throw new ShelfwiseError('OPE_ROW_INVALID', `row ${row} has action ${value}; there are ${actions}`, {
      details: { row },
    });
  }

  #bad(text: string): ShelfwiseError {
    return new ShelfwiseError('OPTION_INVALID', `${this.#file} ${text}`);
  }
}
