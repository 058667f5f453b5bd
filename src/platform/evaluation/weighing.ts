/**
 * One logged decision, weighed for every policy under evaluation: its page's problem is made once, with the features of its record
 * and the epochs that it names, and walked by each policy along what was logged.
 *
 * Before anything is believed of a record its own policy walks it too: where one propensity comes out otherwise than it was
 * logged, by a bit, the decision is left out and counted.
 */
import { hash32, MINUTE_MS, type Seed } from '../../base/index.ts';
import {
  AssumptionGauge,
  type CardValues,
  Ladder,
  type LoggedRows,
  type MissingMass,
  type PlaceMeans,
  type Rung,
  SupportGauge,
  type WeighedPage,
} from '../../counterfactual/index.ts';
import {
  type DecisionRecord,
  dayPartOf,
  decisionTimeMs,
  decodeListenerView,
  hourOf,
  type ListenerView,
} from '../../domain/index.ts';
import {
  createDecider,
  DEFAULT_TUNABLES,
  type DecisionInput,
  type HomeTunables,
  inputOfRecord,
  isCold,
  type ReplayEpochs,
} from '../../home/index.ts';
import { loadModel, type RewardModel } from '../../models/index.ts';
import { createEpochReader, type EpochReader } from '../epochs.ts';
import { isUnreadable } from '../learn.ts';
import { secretOfKey } from '../listeners.ts';
import { openView } from '../sealing.ts';
import type { Workspace } from '../workspace.ts';
import type { SliceDimension } from './comparison.ts';
import type { Outcome } from './outcomes.ts';
import type { TargetSpec } from './targets.ts';

/** Why a decision is no part of an evaluation. */
export const LEFT_OUT = [
  'immature',
  'unrendered',
  'sampled',
  'preview',
  'degraded',
  'marked',
  'holdOut',
  'otherEncoder',
  'unreadable',
  'unequal',
  'unmet',
] as const;
export type LeftOutReason = (typeof LEFT_OUT)[number];

/** q̂ of a listener's cards, by a model that has not learnt from them. */
export interface RewardValues {
  /** Undefined: what the decision was made with. */
  modelFor(listenerKey: string): RewardModel | undefined;
  factorFor(listenerKey: string): CardValues['factor'];
  /** @param shelfIds declarations of the decision's shelves */
  meansFor(listenerKey: string, shelfIds: readonly string[]): PlaceMeans;
}

/** What is read of a decision by every policy. */
export interface OpenedDecision {
  readonly record: DecisionRecord;
  readonly view: ListenerView;
  readonly epochs: ReplayEpochs;
}

/** Popularity for the hold-out is no draw, and its listeners are kept from what is compared. */
export function isHeldOut({ policyId }: DecisionRecord): boolean {
  return policyId === 'popularity';
}

/** Opens records that may be evaluated; others are counted by why not. */
export class DecisionOpener {
  readonly #workspace: Workspace;
  readonly #epochs: EpochReader;
  readonly #left: Record<LeftOutReason, number>;

  constructor(workspace: Workspace, left: Record<LeftOutReason, number>) {
    this.#workspace = workspace;
    this.#epochs = createEpochReader(workspace.epochs, workspace.encoder);
    this.#left = left;
  }

  open(record: DecisionRecord): OpenedDecision | undefined {
    return isHeldOut(record) ? this.#leave('holdOut') : this.openAny(record);
  }

  /** The same for the hold-out too. */
  openAny(record: DecisionRecord): OpenedDecision | undefined {
    const { store, encoder } = this.#workspace;
    // A Home of another time, to look at: nobody was there.
    if (Math.abs(record.atMs - decisionTimeMs(record.decisionId)) > PREVIEW_MS) return this.#leave('preview');
    if (record.degraded) return this.#leave('degraded');
    if (record.marks.length > 0) return this.#leave('marked');
    if (record.versions.encoder !== encoder.hash) return this.#leave('otherEncoder');
    const secret = secretOfKey(store, record.listenerKey);
    const sealed = secret === undefined ? undefined : openView(record, secret);
    if (sealed === undefined) return this.#leave('unreadable');
    try {
      return { record, view: decodeListenerView(sealed), epochs: this.#epochs(record.versions) };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return this.#leave('unreadable');
    }
  }

  #leave(why: LeftOutReason): undefined {
    this.#left[why]++;
    return undefined;
  }
}

const PREVIEW_MS = MINUTE_MS;

/** What `weigh` hands over, policy by policy: it belongs to the weigher until the next. */
export type OnWeighed = (target: number, page: WeighedPage, missing: MissingMass, costs: RungCosts | undefined) => void;

/** What each rung takes for granted, by one draw. */
export type RungCosts = Readonly<Partial<Record<Rung, number>>>;

/** Of which rungs (`prefix` takes nothing for granted, and is not drawn), and on which share of the decisions. */
export interface AssumptionJob {
  readonly rungs: readonly Rung[];
  readonly share: number;
}

interface Target {
  readonly tunables: TargetSpec['tunables'];
  readonly model: RewardModel | undefined;
}

export class DecisionWeigher {
  readonly #targets: readonly Target[];
  readonly #values: RewardValues | undefined;
  readonly #left: Record<LeftOutReason, number>;
  readonly #decider: ReturnType<typeof createDecider>;
  readonly #ladder = new Ladder();
  readonly #gauge = new SupportGauge();
  readonly #assumption: AssumptionJob | undefined;
  readonly #assumptions = new AssumptionGauge();
  /** What is prepared lasts until the next: draws read the logging policy's problem beside another's. */
  readonly #loggedDecider: ReturnType<typeof createDecider>;
  /** Of each record's tunables, those of each target in its place. */
  readonly #tunables = new WeakMap<HomeTunables, readonly HomeTunables[]>();
  #predictions = new Float64Array(0);
  /** What a target lacked of a decision's model, the first time. */
  lacked: string | undefined;

  /** Throws EPOCH_NOT_FOUND, EPOCH_CORRUPT for a target's model. */
  constructor(
    { epochs, encoder }: Workspace,
    targets: readonly TargetSpec[],
    left: Record<LeftOutReason, number>,
    values?: RewardValues,
    assumption?: AssumptionJob,
  ) {
    this.#decider = createDecider(encoder);
    this.#loggedDecider = createDecider(encoder);
    this.#assumption = assumption && {
      ...assumption,
      rungs: assumption.rungs.filter((rung) => rung !== 'prefix'),
    };
    this.#left = left;
    this.#values = values;
    this.#targets = targets.map(({ tunables, modelHash }) => ({
      tunables,
      model: modelHash === '' ? undefined : loadModel(epochs.get(modelHash), encoder),
    }));
  }

  /** False, and counted, where the decision is left out; then `onWeighed` was not called. */
  weigh({ record, view, epochs }: OpenedDecision, onWeighed: OnWeighed): boolean {
    const logged = inputOfRecord(record, view, epochs);
    const inputs = this.#inputsOf(logged);
    for (const input of inputs) {
      const lacked = this.#decider.lacked(input);
      if (lacked === undefined) continue;
      this.lacked ??= lacked;
      return this.#leave('unmet');
    }
    const own = this.#decider.prepare(logged);
    const rows: LoggedRows = record.rows;
    const again = this.#ladder.weigh(own.problem, rows, own.policy);
    if (again === undefined || again.differing > 0) return this.#leave('unequal');
    this.#gauge.note(own.problem, rows, own.policy);
    const values = this.#valuesOf(record.listenerKey, logged);
    const { rungs = [], share = 0 } = this.#assumption ?? {};
    const drawn =
      values === undefined || rungs.length === 0 || !isSampled(record, share, ASSUMPTION_SALT)
        ? undefined
        : { values, logging: this.#loggedDecider.prepare(logged), seed: seedOf(logged.seed) };
    for (const [t, input] of inputs.entries()) {
      const { problem, policy } = this.#decider.prepare(input, true);
      const page = this.#ladder.weigh(problem, rows, policy, values);
      const missing = this.#gauge.missing(problem, policy);
      // What is masked depends on the page's rules alone, which are the record's for every policy.
      if (page === undefined || missing === undefined) return this.#leave('unequal');
      // What served takes nothing for granted: it is known as it is.
      const costs =
        drawn &&
        this.#targets[t].tunables &&
        Object.fromEntries(
          rungs.map((rung) => [
            rung,
            this.#assumptions.cost(rung, drawn.logging, { problem, policy }, drawn.values, drawn.seed),
          ]),
        );
      onWeighed(t, page, missing, costs);
    }
    return true;
  }

  /** The decision as each target is asked about it. */
  #inputsOf(logged: DecisionInput): readonly DecisionInput[] {
    let merged = this.#tunables.get(logged.tunables);
    if (merged === undefined) {
      merged = this.#targets.map(({ tunables }) => ({ ...logged.tunables, ...tunables }));
      this.#tunables.set(logged.tunables, merged);
    }
    const tunables = merged;
    return this.#targets.map((target, t) =>
      target.tunables === undefined
        ? logged
        : {
            ...logged,
            tunables: tunables[t],
            policyId: target.tunables.policy,
            model: target.model ?? logged.model,
          },
    );
  }

  #valuesOf(listenerKey: string, logged: DecisionInput): CardValues | undefined {
    if (this.#values === undefined) return undefined;
    const model = this.#values.modelFor(listenerKey) ?? logged.model;
    if (model === undefined) return undefined;
    const { scores, offsets, candidates, problem } = this.#decider.prepare(
      { ...logged, policyId: 'uniform', model },
      true,
    );
    if (this.#predictions.length < candidates) this.#predictions = new Float64Array(2 * candidates);
    this.#predictions.set(scores.subarray(0, candidates));
    return {
      byShelf: problem.shelves.map(({ count }, s) => this.#predictions.subarray(offsets[s], offsets[s] + count)),
      factor: this.#values.factorFor(listenerKey),
      means: this.#values.meansFor(
        listenerKey,
        logged.shelves.map(({ shelfId }) => shelfId),
      ),
    };
  }

  #leave(why: LeftOutReason): false {
    this.#left[why]++;
    return false;
  }
}

const ASSUMPTION_SALT = 0xa55;

/** Other noise than that of the page which was logged. */
function seedOf(seed: Seed): Seed {
  return Uint32Array.from(seed, (word, k) => word ^ hash32('assumption', k));
}

const SAMPLE_SALT = 0x0be5;

/** Is the decision among a share of them? By hash, so that every reading finds the same. */
export function isSampled({ decisionId }: DecisionRecord, share: number, salt = SAMPLE_SALT): boolean {
  return share >= 1 || (hash32(decisionId, salt) >>> 0) / 2 ** 32 < share;
}

/** The slices that a decision is of. */
export function sliceOf(dimension: SliceDimension, { record, view }: OpenedDecision): string {
  switch (dimension) {
    case 'tier':
      return record.tier;
    case 'market':
      return record.market;
    case 'device':
      return record.device;
    case 'listener':
      return isCold(view, DEFAULT_TUNABLES) ? 'new' : 'known';
    case 'dayPart':
      return dayPartOf(hourOf(record.atMs));
  }
}

/** Card at (shelf rank, card rank) → whether it earned. */
export function earnedOf({ rewarded }: Outcome): ReadonlySet<number> {
  return new Set(rewarded.map(({ shelfRank, cardRank }) => placeOf(shelfRank, cardRank)));
}

/** A number for a place of a page: its rows have at most 20 cards. */
export function placeOf(shelfRank: number, cardRank: number): number {
  return shelfRank * CARDS + cardRank;
}

/** Most cards of a row, rounded up. */
const CARDS = 32;
