/** The platform's own decisions, as `shelfwise export ope` writes them (`evaluation-log.ts`). */
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import {
  type DecisionSource,
  type EvaluationRows,
  MissingMassMeter,
  type Nuisance,
  plainStudy,
  RUNGS,
  type Rung,
  RungProducts,
  stepRatio,
} from '../../counterfactual/index.ts';
import { decodeLine, openText, requireFile, STANDARD_INPUT, splitLines } from '../text-lines.ts';
import { ChunkBuilder, emptyRow } from './chunk-builder.ts';
import {
  EVALUATION_LOG_VERSION,
  type EvaluationLogDecision,
  type EvaluationLogEnd,
  type EvaluationLogHeader,
  type LoggedAlternative,
  type LoggedChance,
} from './evaluation-log.ts';
import type { OpeLog } from './log.ts';

export interface EvaluationLogReading {
  /** A policy of the header, or `served`. @default the only one of the header; `served` where there is none */
  readonly policy?: string | undefined;
  /** How much of a page a weight takes in. @default 'above' */
  readonly rung?: Rung | undefined;
}

/** What the policy that logged is called: its weights are 1. */
const SERVED = 'served';
/** A page of 24 rows of 20 cards under 16 policies takes less. */
const MAX_DECISION_BYTES = 16 << 20;
/** Numbers between the first cards of two rows: a row has fewer cards. */
const POSITIONS = 32;
const REMEDY = 'export it anew with `shelfwise export ope`';

/**
 * A row is a card of a page with its weight at the rung, or a place that the page lacks; what it says is what `ope compare` makes of the same
 * decisions. The verdict also reads what the policy would choose without the log having a chance of it.
 * Throws `OPTION_INVALID` for a missing file, another format or version, and a policy that the log does not hold; for a header and lines
 * that are not as they should be `OPE_PROPENSITY_RANGE` and `OPE_ROW_INVALID` with the line.
 */
export async function readEvaluationLog(file: string, reading: EvaluationLogReading = {}): Promise<OpeLog> {
  if (file === STANDARD_INPUT)
    throw new ShelfwiseError('OPTION_INVALID', 'an evaluation log is read more than once; give a file');
  requireFile(file);
  const header = await headerOf(file);
  const { rung = 'above' } = reading;
  const policy = policyOf(header, reading.policy);
  const models = policy < 0 ? [] : modelsOf(header);
  const notes: string[] = [];
  let missing = new MissingMassMeter();
  const source: DecisionSource = {
    [Symbol.asyncIterator]: () => {
      missing = new MissingMassMeter();
      notes.length = 0;
      return chunksOf(file, { policy, models, rung, missing, notes });
    },
  };
  return {
    describe: `decisions of the platform, ${file}`,
    notes,
    studies: [plainStudy(source, models)],
    evidence: () => ({ missingMass: missing.summary() }),
  };
}

async function headerOf(file: string): Promise<EvaluationLogHeader> {
  for await (const line of linesOf(file)) {
    const { shelfwise, version } = line.value as Partial<EvaluationLogHeader>;
    if (shelfwise !== 'evaluation log') break;
    if (version === EVALUATION_LOG_VERSION) return checkedHeader(line.value);
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${file} is of version ${version} of evaluation logs; this reads ${EVALUATION_LOG_VERSION}: ${REMEDY}`,
    );
  }
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `${file} does not begin as an evaluation log of Shelfwise does; ${REMEDY}, or name its --format`,
  );
}

/** Throws unless it names its policies, and says which reward model the lines are of or that there is none. */
function checkedHeader(value: object): EvaluationLogHeader {
  const { policies, rewardModel } = value as Partial<EvaluationLogHeader>;
  if (!Array.isArray(policies)) throw unfit(1, 'the header has no policies');
  for (const [p, policy] of policies.entries()) {
    if (typeof policy?.name !== 'string') throw unfit(1, `policy ${p} of the header has no name`);
    if (policy.name === SERVED) throw unfit(1, `policy ${p} of the header is called ${SERVED}, which is what logged`);
  }
  if (rewardModel !== null && typeof rewardModel?.kind !== 'string')
    throw unfit(1, 'the header says neither which reward model there is nor, by null, that there is none');
  return value as EvaluationLogHeader;
}

/** Throws unless it counts decisions, and what was left out. */
function checkedEnd(value: object, line: number): EvaluationLogEnd {
  const { decisions, leftOut } = value as Partial<EvaluationLogEnd>;
  if (!isWhole(decisions, Number.MAX_SAFE_INTEGER)) throw unfit(line, `the end says ${decisions} decisions`);
  const isCounts = typeof leftOut === 'object' && leftOut !== null && !Array.isArray(leftOut);
  if (!isCounts || !Object.values(leftOut).every((count) => isWhole(count, Number.MAX_SAFE_INTEGER)))
    throw unfit(line, 'the end does not say by numbers what was left out');
  return value as EvaluationLogEnd;
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

/** Its place in the header; -1 for what served. */
function policyOf({ policies }: EvaluationLogHeader, asked: string | undefined): number {
  const names = policies.map(({ name }) => name);
  if (asked === undefined && names.length <= 1) return names.length - 1;
  const found = asked === SERVED ? -1 : names.indexOf(asked ?? '');
  if (asked === SERVED || found >= 0) return found;
  const said = asked === undefined ? 'the log holds several policies' : `the log does not hold "${asked}"`;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `--policy: ${said}; it is one of ${[SERVED, ...names].join(', ')}. For others: shelfwise export ope --policies`,
  );
}

/** One model, which is cross-fitted or not. */
function modelsOf({ rewardModel }: EvaluationLogHeader): readonly Nuisance[] {
  if (rewardModel === null) return [];
  return rewardModel.kind === 'cross-fitted' ? ['model', 'crossFitted'] : ['model'];
}

interface ChunkReading {
  readonly policy: number;
  readonly models: readonly Nuisance[];
  readonly rung: Rung;
  readonly missing: MissingMassMeter;
  readonly notes: string[];
}

async function* chunksOf(file: string, reading: ChunkReading): AsyncGenerator<EvaluationRows> {
  const { policy, models, missing, notes } = reading;
  const hasModel = models.length > 0;
  const builder = new ChunkBuilder({ models: hasModel ? ['model'] : [], slates: true });
  const page = new PageReader(reading, builder);
  let decisions = 0;
  let end: EvaluationLogEnd | undefined;
  for await (const { number, value } of linesOf(file)) {
    if (number === 1) continue;
    if (end !== undefined) throw unfit(number, 'something stands after the end');
    if ('end' in value) {
      end = checkedEnd(value, number);
      continue;
    }
    const decision = checked(value, number, policy, hasModel);
    decisions++;
    if (policy >= 0) {
      const mass = decision.policies[policy].missing;
      if (mass !== null) missing.add(numberOf(mass, number, 'missing'));
    }
    const full = page.add(decision, number);
    if (full !== null) yield withModels(full, models);
  }
  if (end?.decisions !== decisions) {
    const wanted = end === undefined ? 'it has no end' : `its end says ${end.decisions}`;
    throw new ShelfwiseError(
      'OPE_ROW_INVALID',
      `${file} breaks off after ${decisions} decisions (${wanted}); ${REMEDY}`,
    );
  }
  const left = Object.entries(end.leftOut).filter(([, count]) => count > 0);
  if (left.length > 0)
    notes.push(`left out when it was written: ${left.map(([why, count]) => `${count} ${why}`).join(', ')}`);
  const rest = builder.take();
  if (rest !== null) yield withModels(rest, models);
}

/** The one model under each name that it goes by. */
function withModels(rows: EvaluationRows, models: readonly Nuisance[]): EvaluationRows {
  return models.includes('crossFitted') ? { ...rows, nuisances: { crossFitted: rows.model } } : rows;
}

/** Makes rows of decisions. */
class PageReader {
  readonly #reading: ChunkReading;
  readonly #builder: ChunkBuilder;
  readonly #products = new RungProducts();
  readonly #next = emptyRow();

  constructor(reading: ChunkReading, builder: ChunkBuilder) {
    this.#reading = reading;
    this.#builder = builder;
  }

  /** The chunk that is full, if one is. */
  add(decision: EvaluationLogDecision, line: number): EvaluationRows | null {
    const { policy, models, rung } = this.#reading;
    const hasModel = models.length > 0;
    const alternative = policy < 0 ? undefined : decision.policies[policy];
    const { rows, places, listener } = decision;
    const products = this.#products;
    const next = this.#next;
    const own = next.models.model;
    const taken = new Set<number>();
    /** By row, with its shelf and without any card of it; one more for the rows that there are not. */
    const opened: number[] = [];
    let full: EvaluationRows | null = null;
    next.startsDecision = true;
    next.listener = listener;
    next.control = hasModel ? numberOf(alternative?.control?.[RUNGS.indexOf(rung)], line, `control of ${rung}`) : 0;
    const put = (): void => {
      // A chunk is full where a decision starts, so that one is given at most.
      full = this.#builder.add(next) ?? full;
      next.startsDecision = false;
    };
    products.begin();
    for (const [r, row] of rows.entries()) {
      const shelf = stepOf(row.shelf, alternative === undefined ? row.shelf : alternative.shelves[r], line, `row ${r}`);
      products.shelf(shelf.ratio, shelf.isSure);
      opened.push(products.opened[rung]);
      for (const [j, logged] of row.cards.entries()) {
        const chance = alternative === undefined ? logged : alternative.cards[r][j];
        const card = stepOf(logged, chance, line, `row ${r}, card ${j}`);
        products.card(card.ratio, card.isSure);
        if (row.carried === true) continue;
        next.position = r * POSITIONS + j;
        next.isCard = 1;
        next.weight = products.weight[rung];
        next.matches = products.matches[rung];
        next.reward = row.earned.includes(j) ? 1 : 0;
        own.predicted = hasModel ? numberOf(row.predicted?.[j], line, 'predicted') : 0;
        own.expected = hasModel
          ? products.before[rung] * numberOf(alternative?.expected?.[r]?.[j], line, 'expected')
          : 0;
        taken.add(next.position);
        put();
      }
    }
    products.end();
    opened.push(products.opened[rung]);
    next.isCard = 0;
    next.matches = 0;
    next.reward = 0;
    own.predicted = 0;
    own.expected = 0;
    for (let r = 0; r < places[0]; r++) {
      for (let j = 0; j < places[1]; j++) {
        next.position = r * POSITIONS + j;
        if (taken.has(next.position)) continue;
        next.weight = opened[Math.min(r, rows.length)];
        put();
      }
    }
    return full;
  }
}

/** ρ of a step; 1 where nothing was drawn. @param chance π of the policy, which for what served is the propensity */
function stepOf(
  propensity: LoggedChance,
  chance: LoggedChance,
  line: number,
  where: string,
): { readonly ratio: number; readonly isSure: boolean } {
  if (propensity === null) return { ratio: 1, isSure: true };
  if (typeof propensity !== 'number' || !(propensity > 0 && propensity <= 1)) {
    throw new ShelfwiseError('OPE_PROPENSITY_RANGE', `line ${line}: ${where} has propensity ${propensity}`, {
      details: { line, propensity },
    });
  }
  if (typeof chance !== 'number' || !(chance >= 0 && chance <= 1 + 1e-9))
    throw unfit(line, `${where} has probability ${chance} under the policy`);
  return { ratio: stepRatio(chance, propensity), isSure: chance === 1 };
}

/** Throws unless it has the shape that is read; what numbers mean is checked where they are read. */
function checked(value: object, line: number, policy: number, hasModel: boolean): EvaluationLogDecision {
  const { listener, places, rows, policies } = value as Partial<EvaluationLogDecision>;
  if (!isWhole(listener, 2 ** 32 - 1)) throw unfit(line, `listener is ${listener}`);
  if (places?.length !== 2 || !isWhole(places[0], 1024) || !isWhole(places[1], POSITIONS - 1))
    throw unfit(line, `places are ${JSON.stringify(places)}`);
  if (!Array.isArray(rows) || rows.length === 0) throw unfit(line, 'it has no rows');
  for (const [r, row] of rows.entries()) {
    const isRow = Array.isArray(row?.cards) && Array.isArray(row.earned) && row.cards.length < POSITIONS;
    if (!isRow) throw unfit(line, `row ${r} lacks cards or earned`);
    for (const rank of row.earned)
      if (!isWhole(rank, row.cards.length - 1)) throw unfit(line, `row ${r} earned at card ${rank}, which it has not`);
  }
  if (policy < 0) return value as EvaluationLogDecision;
  const alternative: Partial<LoggedAlternative> | undefined = policies?.[policy];
  const { shelves, cards, expected, control } = alternative ?? {};
  const isLike = (columns: readonly (readonly number[])[] | undefined): boolean =>
    columns?.length === rows.length && rows.every((row, r) => columns[r]?.length === row.cards.length);
  if (shelves?.length !== rows.length || !isLike(cards))
    throw unfit(line, `policy ${policy} has not a probability for each row and card`);
  if (hasModel && (!Array.isArray(expected) || control?.length !== RUNGS.length))
    throw unfit(line, `policy ${policy} lacks expected or control, and the header names a reward model`);
  return value as EvaluationLogDecision;
}

function numberOf(value: unknown, line: number, what: string): number {
  if (Number.isFinite(value)) return value as number;
  throw unfit(line, `${what} is ${value}`);
}

/** Each line's object. */
async function* linesOf(file: string): AsyncGenerator<{ readonly number: number; readonly value: object }> {
  const { stream } = openText(file, file.toLowerCase().endsWith('.gz'));
  let last = 0;
  try {
    for await (const { number, bytes } of splitLines(stream, MAX_DECISION_BYTES)) {
      last = number;
      if (bytes === null) throw unfit(number, `it is longer than ${MAX_DECISION_BYTES} bytes`);
      const decoded = decodeLine(bytes);
      if ('reason' in decoded) throw unfit(number, decoded.reason);
      yield { number, value: objectOf(decoded.text, number) };
    }
  } catch (error) {
    if (error instanceof ShelfwiseError) throw error;
    throw unfit(last + 1, `the file cannot be read further: ${messageOf(error)}`);
  }
}

function objectOf(text: string, line: number): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unfit(line, 'it is not JSON');
  }
  if (typeof value === 'object' && value !== null) return value;
  throw unfit(line, 'it is no object');
}

function unfit(line: number, text: string): ShelfwiseError {
  return new ShelfwiseError('OPE_ROW_INVALID', `line ${line}: ${text}; ${REMEDY}`, { details: { line } });
}
