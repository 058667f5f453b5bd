/**
 * What another policy would have shown instead: one logged decision, walked again by its own policy and by another, over the same
 * candidates, features and page rules. Changes nothing, and records nothing.
 */
import type { KeyObject } from 'node:crypto';
import { hash32, requireOneOf, requireWhole, resolveOptions, type Seed, ShelfwiseError } from '../../base/index.ts';
import {
  type Campaigns,
  type DecisionRecord,
  type Device,
  decodeDecision,
  decodeListenerView,
  type ItemRef,
  NO_ITEM,
} from '../../domain/index.ts';
import type { Encoder } from '../../features/index.ts';
import {
  createDecider,
  type DecisionInput,
  type HomeTunables,
  type ItemTexts,
  inputOfRecord,
  isSwitchedOff,
  shelfById,
  textOf,
} from '../../home/index.ts';
import { loadModel } from '../../models/index.ts';
import {
  COMPOSITION_SCOPES,
  createWalker,
  type PagePrefix,
  type PageProblem,
  POLICY_IDS,
  type Policy,
  policyOf,
  resolveComposition,
  samplePage,
} from '../../policy/index.ts';
import type { EpochStore } from '../../store/index.ts';
import type { EpochReader, Epochs } from '../epochs.ts';
import { openView } from '../sealing.ts';
import type { PolicyUnderEvaluation } from './comparison.ts';
import { LUCE, targetsOf } from './targets.ts';

/**
 * `sampled`: drawn, by the decision's own noise as long as `again` is 0: what would have been served. `probable`: at every place what
 * is most probable there.
 */
export const INSTEAD_DRAWS = ['sampled', 'probable'] as const;
export type InsteadDraw = (typeof INSTEAD_DRAWS)[number];

export interface InsteadOptions {
  readonly policy: PolicyUnderEvaluation;
  /** @default 'sampled' */
  readonly draw: InsteadDraw;
  /** The decision's own noise, or the k-th other. @default 0 */
  readonly again: number;
}

/** A choice, and how probable it was given what stands before it on the page that it is on. */
export interface InsteadChoice {
  /** Declared or kept, not drawn. */
  readonly forced: boolean;
  /** Under the policy that logged; 0 where it had no chance. */
  readonly logged: number;
  /** Under the other one; null where there is no page of it. */
  readonly instead: number | null;
}

export interface InsteadCard extends InsteadChoice {
  readonly item: ItemRef;
}

export interface InsteadRow extends InsteadChoice {
  /** As a Home names its shelf. */
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly carried: boolean;
  readonly cards: readonly InsteadCard[];
}

export interface InsteadReport {
  readonly decisionId: string;
  readonly atMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly loggedPolicy: string;
  /** Name of the other one. */
  readonly policy: string;
  readonly draw: InsteadDraw;
  readonly again: number;
  readonly loggedPage: readonly InsteadRow[];
  /** Null where the decision cannot be asked under another policy. */
  readonly insteadPage: readonly InsteadRow[] | null;
  /** Π instead / logged over the logged page: what its importance weight would be, whole. Null without another page. */
  readonly pageWeight: number | null;
  /** In words; null where there is another page. */
  readonly whyNot: string | null;
}

export interface PolicyOption {
  readonly name: string;
  /** What it is where a request leaves it out. */
  readonly value: number | string | boolean;
  /** All that it can be; empty where that is a range. */
  readonly choices: readonly string[];
}

export interface EvaluablePolicy {
  readonly id: string;
  readonly options: readonly PolicyOption[];
  /** What may be wanted of its pages besides; empty where that does not move it. */
  readonly composition: readonly PolicyOption[];
  /** Is it what Homes are drawn by now? */
  readonly serves: boolean;
  readonly switchedOff: boolean;
  /** What it needs of a model that the one which serves lacks, in words; null: nothing. */
  readonly lacks: string | null;
}

export interface InsteadService {
  /**
   * Throws DECISION_NOT_FOUND, DECISION_ERASED, DECISION_CORRUPT, EPOCH_NOT_FOUND, EPOCH_CORRUPT, OPTION_INVALID, POLICY_EVIDENCE.
   */
  instead(decisionId: string, request: Partial<InsteadOptions>): Promise<InsteadReport>;
  /** Every policy that can be asked about, as it would be now. */
  evaluablePolicies(): readonly EvaluablePolicy[];
}

const DEFAULTS: InsteadOptions = { policy: { policy: '' }, draw: 'sampled', again: 0 };
const MOST_AGAIN = 1_000_000;
/** A product stays finite. */
const MOST = 1e300;

export function createInstead(dependencies: {
  readonly encoder: Encoder;
  readonly recordBytes: (decisionId: string) => Promise<Uint8Array | undefined>;
  readonly secretOf: (listenerKey: string) => KeyObject | undefined;
  readonly epochsOf: EpochReader;
  readonly epochStore: Pick<EpochStore, 'get'>;
  readonly serving: Epochs['serving'];
  readonly texts: ItemTexts;
  readonly refOf: (item: number) => ItemRef;
}): InsteadService {
  const { encoder, recordBytes, secretOf, epochsOf, epochStore, serving, texts, refOf } = dependencies;
  const decider = createDecider(encoder);
  const opened = async (decisionId: string): Promise<{ record: DecisionRecord; input: DecisionInput | string }> => {
    const bytes = await recordBytes(decisionId);
    if (bytes === undefined) throw new ShelfwiseError('DECISION_NOT_FOUND', decisionId);
    const record = decodeDecision(bytes);
    const secret = secretOf(record.listenerKey);
    if (secret === undefined) throw new ShelfwiseError('DECISION_ERASED', decisionId);
    const view = openView(record, secret);
    if (view === undefined) throw new ShelfwiseError('DECISION_CORRUPT', `${decisionId}: its state does not open`);
    if (record.failedSources.includes('page'))
      return { record, input: 'Nothing of this page was drawn: it stood in for one that failed.' };
    if (record.versions.encoder !== encoder.hash)
      return {
        record,
        input: 'It was decided with features of another version of the platform, which are no longer known.',
      };
    return { record, input: inputOfRecord(record, decodeListenerView(view), epochsOf(record.versions)) };
  };

  /** Both pages of a decision that can be asked. In words: why there are none. */
  const walk = (record: DecisionRecord, logged: DecisionInput, other: DecisionInput, draw: InsteadDraw) => {
    const lacked = decider.lacked(other);
    if (lacked !== undefined) throw new ShelfwiseError('POLICY_EVIDENCE', lacked);
    const own = decider.prepare(logged);
    const again = chancesOf(own.problem, own.policy, record.rows);
    if (again === undefined || !isAsLogged(record, again.chances))
      return 'Its own policy does not come to what was logged; Replay says where it first differs.';
    // What is prepared lasts until the next: first all that the other policy says, then what the logging one says of its page.
    const another = decider.prepare(other, true);
    const rows =
      draw === 'sampled'
        ? samplePage(another.problem, another.policy, other.seed).rows
        : mostProbable(another.problem, another.policy);
    const loggedPage = chancesOf(another.problem, another.policy, record.rows);
    const insteadPage = chancesOf(another.problem, another.policy, rows);
    const back = decider.prepare(logged, true);
    const insteadAsLogged = chancesOf(back.problem, back.policy, rows);
    if (loggedPage === undefined || insteadPage === undefined || insteadAsLogged === undefined)
      return 'The two policies do not fill pages by the same rules.';
    return {
      rows,
      loggedPage: { forced: again.forced, logged: again.chances, instead: loggedPage.chances },
      insteadPage: { forced: insteadPage.forced, logged: insteadAsLogged.chances, instead: insteadPage.chances },
    };
  };

  const inputUnder = (logged: DecisionInput, policy: PolicyUnderEvaluation, again: number) => {
    const { tunables, model } = serving();
    const [target] = targetsOf([policy], tunables, model?.hash ?? '');
    const seed = again === 0 ? logged.seed : otherSeed(logged.seed, again);
    if (target.tunables === undefined) return { name: target.name, input: { ...logged, seed } };
    const input: DecisionInput = {
      ...logged,
      seed,
      tunables: { ...logged.tunables, ...target.tunables },
      policyId: target.tunables.policy,
      model: target.modelHash === '' ? logged.model : loadModel(epochStore.get(target.modelHash), encoder),
    };
    return { name: target.name, input };
  };

  return {
    async instead(decisionId, request) {
      const { policy, draw, again } = resolveOptions<InsteadOptions>('instead', request, DEFAULTS);
      requireOneOf('instead', 'draw', draw, INSTEAD_DRAWS);
      requireWhole('instead', 'again', again, 0, MOST_AGAIN);
      const { record, input } = await opened(decisionId);
      const { campaigns } = serving();
      const tell = (rows: PagePrefix, chances: Chances) => rowsOf(record, rows, chances, { texts, campaigns, refOf });
      const said = {
        decisionId,
        atMs: record.atMs,
        device: record.device,
        market: record.market,
        tier: record.tier,
        loggedPolicy: record.policyId,
        draw,
        again,
      };
      const none = (name: string, whyNot: string): InsteadReport => ({
        ...said,
        policy: name,
        loggedPage: tell(record.rows, recordedChances(record)),
        insteadPage: null,
        pageWeight: null,
        whyNot,
      });
      if (typeof input === 'string') return none(policy.name ?? policy.policy, input);
      const { name, input: other } = inputUnder(input, policy, again);
      const walked = walk(record, input, other, draw);
      if (typeof walked === 'string') return none(name, walked);
      const { rows, loggedPage, insteadPage } = walked;
      return {
        ...said,
        policy: name,
        loggedPage: tell(record.rows, loggedPage),
        insteadPage: tell(rows, insteadPage),
        pageWeight: loggedPage.logged.reduce(
          (product, p, k) => Math.min(MOST, (product * loggedPage.instead[k]) / p),
          1,
        ),
        whyNot: null,
      };
    },

    evaluablePolicies() {
      const { tunables, model } = serving();
      return POLICY_IDS.map((id): EvaluablePolicy => {
        const [{ tunables: own }] = targetsOf([{ policy: id }], tunables, model?.hash ?? '');
        const lacks = decider.lacked({ policyId: id, tunables: { ...tunables, ...own }, model });
        return {
          id,
          options: optionsOf(id, tunables),
          composition: id === 'popularity' ? [] : compositionOf(tunables),
          serves: id === tunables.policy,
          switchedOff: isSwitchedOff(tunables, 'policy', id),
          lacks: lacks ?? null,
        };
      });
    },
  };
}

function optionsOf(id: string, tunables: HomeTunables): PolicyOption[] {
  if (id === 'plackett-luce') return LUCE.map((name) => ({ name, value: tunables[name], choices: [] }));
  const { options } = policyOf(id, id === tunables.policy ? tunables.policyOptions : {});
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
      ? [{ name, value, choices: [] }]
      : [],
  );
}

/** As it serves. */
function compositionOf({ composition }: HomeTunables): PolicyOption[] {
  return Object.entries(resolveComposition(composition)).map(([name, value]) => ({
    name,
    value,
    choices: typeof value === 'string' ? [...COMPOSITION_SCOPES] : [],
  }));
}

function otherSeed(seed: Seed, again: number): Seed {
  return Uint32Array.from(seed, (word, k) => word ^ hash32(`again ${again}`, k));
}

/** Step by step the most probable action; of equal ones the first in canonical order. */
function mostProbable(problem: PageProblem, policy: Policy): PagePrefix {
  const walker = createWalker();
  const rows: { shelf: number; cards: { index: number }[] }[] = [];
  walker.begin(problem);
  for (let step = walker.step(policy); step.count > 0; step = walker.step(policy)) {
    let best = 0;
    for (let k = 1; k < step.count; k++) if (step.probabilities[k] > step.probabilities[best]) best = k;
    const action = step.actions[best];
    if (step.kind === 'shelf') rows.push({ shelf: action, cards: [] });
    else rows.at(-1)?.cards.push({ index: action });
    walker.place(best);
  }
  return rows;
}

/** p(action | prefix) of every choice of a page, in page order: a row, then its cards; undefined where the page cannot be walked. */
function chancesOf(problem: PageProblem, policy: Policy, rows: PagePrefix) {
  const walker = createWalker();
  const chances: number[] = [];
  const forced: boolean[] = [];
  const take = (kind: 'shelf' | 'card', action: number): boolean => {
    const step = walker.step(policy);
    const position = step.kind === kind ? walker.positionOf(action) : -1;
    if (position < 0) return false;
    chances.push(step.probabilities[position]);
    forced.push(step.forced);
    walker.place(position);
    return true;
  };
  walker.begin(problem);
  for (const { shelf, cards } of rows) {
    if (!take('shelf', shelf)) return undefined;
    for (const { index } of cards) if (!take('card', index)) return undefined;
  }
  return walker.step(policy).count > 0 ? undefined : { chances, forced };
}

function recordedChances({ rows }: DecisionRecord): Chances {
  const choices = rows.flatMap(({ cards, ...row }) => [row, ...cards]);
  return {
    forced: choices.map(({ forced }) => forced),
    logged: choices.map(({ propensity }) => propensity),
    instead: undefined,
  };
}

/** To the bit. */
function isAsLogged(record: DecisionRecord, chances: readonly number[]): boolean {
  const { logged } = recordedChances(record);
  return logged.length === chances.length && logged.every((p, k) => Object.is(p, chances[k]));
}

/** Of a page's choices, in page order. */
interface Chances {
  readonly forced: readonly boolean[];
  readonly logged: readonly number[];
  readonly instead: readonly number[] | undefined;
}

function rowsOf(
  record: DecisionRecord,
  rows: PagePrefix,
  { forced, logged, instead }: Chances,
  told: { readonly texts: ItemTexts; readonly campaigns: Campaigns; readonly refOf: (item: number) => ItemRef },
): InsteadRow[] {
  const { market, atMs } = record;
  const { texts, campaigns, refOf } = told;
  let at = 0;
  const next = (): InsteadChoice => {
    const choice = { forced: forced[at], logged: logged[at], instead: instead === undefined ? null : instead[at] };
    at++;
    return choice;
  };
  return rows.map((row): InsteadRow => {
    const { shelfId, seedItem, items, carriedFrom } = record.shelves[row.shelf];
    const title = shelfById(shelfId)?.title({ seedItem, market, atMs, language: 'en', campaigns, texts });
    return {
      ...next(),
      id: seedItem === NO_ITEM ? shelfId : `${shelfId}:${texts.id(seedItem)}`,
      kind: shelfId,
      title: title === undefined ? shelfId : textOf(title, 'en'),
      carried: carriedFrom !== '',
      cards: row.cards.map(({ index }) => ({ ...next(), item: refOf(items[index]) })),
    };
  });
}
