import type { EvaluationRows, Nuisance } from '../../counterfactual/index.ts';
import { CHUNK_ROWS } from './log.ts';

/** One row to be. */
export interface RowToAdd {
  /** Is it the first of its decision? */
  startsDecision: boolean;
  listener: number;
  position: number;
  weight: number;
  reward: number;
  /** 1 or 0. */
  matches: number;
  /** What each of the log's models says. */
  readonly models: Readonly<Record<Nuisance, { predicted: number; expected: number }>>;
  /** Of slates: 0 for a place that it lacks. */
  isCard: number;
  /** Of slates with a model, read where a decision starts. */
  control: number;
}

export interface ChunkContents {
  /** Whose columns there are. @default none */
  readonly models?: readonly Nuisance[];
  /** Do rows stand for the places of slates, some of which lack them? With a model they have controls. @default false */
  readonly slates?: boolean;
}

/** Collects rows into chunks of about `CHUNK_ROWS`; a decision stays whole, however long it is. */
export class ChunkBuilder {
  readonly #models: readonly { readonly nuisance: Nuisance; predicted: Float64Array; expected: Float64Array }[];
  readonly #hasSlates: boolean;
  #capacity = CHUNK_ROWS + 256;
  #rows = 0;
  #decisions = 0;
  #decisionOf = new Uint32Array(this.#capacity);
  #listenerOf = new Uint32Array(this.#capacity);
  #positionOf = new Uint16Array(this.#capacity);
  #weights = new Float64Array(this.#capacity);
  #rewards = new Float64Array(this.#capacity);
  #matches = new Uint8Array(this.#capacity);
  #isCard = new Uint8Array(0);
  #control = new Float64Array(0);

  constructor({ models = [], slates = false }: ChunkContents = {}) {
    this.#models = models.map((nuisance) => ({
      nuisance,
      predicted: new Float64Array(this.#capacity),
      expected: new Float64Array(this.#capacity),
    }));
    this.#hasSlates = slates;
    if (slates) {
      this.#isCard = new Uint8Array(this.#capacity);
      this.#control = new Float64Array(this.#capacity);
    }
  }

  /** Adds a row; gives the chunk that stood before it where it was full. `row` may be used again. */
  add(row: RowToAdd): EvaluationRows | null {
    const starts = row.startsDecision || this.#rows === 0;
    const full = starts && this.#rows >= CHUNK_ROWS ? this.take() : null;
    if (this.#rows === this.#capacity) this.#grow();
    const at = this.#rows++;
    if (starts) {
      if (this.#hasSlates) this.#control[this.#decisions] = row.control;
      this.#listenerOf[this.#decisions++] = row.listener;
    }
    if (this.#hasSlates) this.#isCard[at] = row.isCard;
    this.#decisionOf[at] = this.#decisions - 1;
    this.#positionOf[at] = row.position;
    this.#weights[at] = row.weight;
    this.#rewards[at] = row.reward;
    this.#matches[at] = row.matches;
    for (const { nuisance, predicted, expected } of this.#models) {
      predicted[at] = row.models[nuisance].predicted;
      expected[at] = row.models[nuisance].expected;
    }
    return full;
  }

  /** What has not been given yet; null when that is nothing. */
  take(): EvaluationRows | null {
    const rows = this.#rows;
    const decisions = this.#decisions;
    if (rows === 0) return null;
    this.#rows = 0;
    this.#decisions = 0;
    const columnsOf = (wanted: Nuisance) => {
      const found = this.#models.find(({ nuisance }) => nuisance === wanted);
      return found && { predicted: found.predicted.slice(0, rows), expected: found.expected.slice(0, rows) };
    };
    return {
      rows,
      decisions,
      decisionOf: this.#decisionOf.slice(0, rows),
      listenerOf: this.#listenerOf.slice(0, decisions),
      positionOf: this.#positionOf.slice(0, rows),
      weights: this.#weights.slice(0, rows),
      rewards: this.#rewards.slice(0, rows),
      matches: this.#matches.slice(0, rows),
      isCard: this.#hasSlates ? this.#isCard.slice(0, rows) : undefined,
      control: this.#hasSlates && this.#models.length > 0 ? this.#control.slice(0, decisions) : undefined,
      model: columnsOf('model'),
      nuisances: { crossFitted: columnsOf('crossFitted'), mrdr: columnsOf('mrdr') },
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#decisionOf = grown(this.#decisionOf, new Uint32Array(this.#capacity));
    this.#listenerOf = grown(this.#listenerOf, new Uint32Array(this.#capacity));
    this.#positionOf = grown(this.#positionOf, new Uint16Array(this.#capacity));
    this.#weights = grown(this.#weights, new Float64Array(this.#capacity));
    this.#rewards = grown(this.#rewards, new Float64Array(this.#capacity));
    this.#matches = grown(this.#matches, new Uint8Array(this.#capacity));
    if (this.#hasSlates) {
      this.#isCard = grown(this.#isCard, new Uint8Array(this.#capacity));
      this.#control = grown(this.#control, new Float64Array(this.#capacity));
    }
    for (const model of this.#models) {
      model.predicted = grown(model.predicted, new Float64Array(this.#capacity));
      model.expected = grown(model.expected, new Float64Array(this.#capacity));
    }
  }
}

function grown<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

export function emptyRow(): RowToAdd {
  return {
    startsDecision: true,
    listener: 0,
    position: 0,
    weight: 0,
    reward: 0,
    matches: 0,
    models: {
      model: { predicted: 0, expected: 0 },
      crossFitted: { predicted: 0, expected: 0 },
      mrdr: { predicted: 0, expected: 0 },
    },
    isCard: 1,
    control: 0,
  };
}
