/**
 * Tunables of Home: what changes which page is drawn. Their canonical JSON is an epoch, its hash is in every record, and
 * replay reads them from there. Deployment settings (ports, folders) are elsewhere.
 */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { type EpochContent, type Json, type ListenerView, SURFACES, type Surface } from '../domain/index.ts';
import {
  type CompositionOptions,
  composed,
  isPolicyId,
  POLICY_IDS,
  type Policy,
  type PolicyId,
  type PolicyOptions,
  policyOf,
  resolveComposition,
} from '../policy/index.ts';
import { CARD_VISITS, SHELF_VISITS } from '../signals/index.ts';

export type { PolicyId };

export interface SurfaceTunables {
  /** Most shelves on a page, 1 to 24. */
  readonly shelves: number;
  /** Most cards in a row, 1 to 20. */
  readonly cards: number;
  /** Examination of the j-th card of a row: θ_j = decay^j, decay in (0, 1]. Smaller where fewer cards are looked at. */
  readonly examinationDecay: number;
  /**
   * θ by card rank instead, each in (0, 1], at most 20; further cards are looked at as the last one is. What
   * `shelfwise examination` estimates from logs. @default none: by the decay
   */
  readonly examination?: readonly number[];
}

export interface HomeTunables {
  /** The policy that draws pages of listeners outside the hold-out. @default 'plackett-luce' */
  readonly policy: PolicyId;
  /**
   * Its options, where it is not plackett-luce (whose temperatures and shares are the tunables below); docs/policies.md lists
   * them. @default none: its own defaults
   */
  readonly policyOptions: PolicyOptions;
  /** What is wanted of pages whatever policy draws them; popularity, the baseline, stays as it is. @default nothing */
  readonly composition: Partial<CompositionOptions>;
  /** Artists with fewer counted plays are newcomers (see `composition.newcomerShare`). @default 50 */
  readonly newcomerPlays: number;
  /** Temperature of shelf values, in units of expected reward per page view. Higher explores more. @default 0.35 */
  readonly shelfTemperature: number;
  /** Share of uniform exploration in each shelf draw. @default 0.05 */
  readonly shelfEpsilon: number;
  /** Temperature of card scores, in units of reward probability. @default 0.06 */
  readonly cardTemperature: number;
  /** Share of uniform exploration in each card draw. @default 0.05 */
  readonly cardEpsilon: number;
  /**
   * Factor on both temperatures for listeners of whom little is known: fewer than `coldStartTastes` items played of late or
   * liked. 1: they are explored with like everybody. @default 2
   */
  readonly coldStartTemperature: number;
  /** Least share of uniform exploration in each draw for these listeners. 0: no more than for everybody. @default 0.15 */
  readonly coldStartEpsilon: number;
  /** @default 5 */
  readonly coldStartTastes: number;
  readonly surfaces: Readonly<Record<Surface, SurfaceTunables>>;
  /** Most cards of one creator in a row. @default 3 */
  readonly creatorCapPerRow: number;
  /** Most cards of one creator on a page. @default 8 */
  readonly creatorCapPerPage: number;
  /** Most candidates of one shelf after filters. @default 50 */
  readonly candidatesPerShelf: number;
  /** A card seen on so many visits since it was last chosen rests; 1 to 8. @default 6 */
  readonly fatigueCardVisits: number;
  /** Days for which it rests, from the last time that it was seen; 0 turns it off. @default 14 */
  readonly fatigueCardRestDays: number;
  /** A shelf seen on so many visits since anything of it was chosen rests; 1 to 12. @default 10 */
  readonly fatigueShelfVisits: number;
  /** @default 7 */
  readonly fatigueShelfRestDays: number;
  /** What an operator has switched off: `shelf:ID` and `policy:ID`, in order. Set through the switches alone. @default none */
  readonly switchedOff: readonly string[];
}

export const DEFAULT_TUNABLES: HomeTunables = {
  policy: 'plackett-luce',
  policyOptions: {},
  composition: {},
  newcomerPlays: 50,
  shelfTemperature: 0.35,
  shelfEpsilon: 0.05,
  cardTemperature: 0.06,
  cardEpsilon: 0.05,
  coldStartTemperature: 2,
  coldStartEpsilon: 0.15,
  coldStartTastes: 5,
  surfaces: {
    phone: { shelves: 12, cards: 10, examinationDecay: 0.8 },
    desktop: { shelves: 12, cards: 10, examinationDecay: 0.9 },
    tv: { shelves: 10, cards: 10, examinationDecay: 0.9 },
    car: { shelves: 4, cards: 6, examinationDecay: 0.6 },
  },
  creatorCapPerRow: 3,
  creatorCapPerPage: 8,
  candidatesPerShelf: 50,
  fatigueCardVisits: 6,
  fatigueCardRestDays: 14,
  fatigueShelfVisits: 10,
  fatigueShelfRestDays: 7,
  switchedOff: [],
};

/** What tunables that were stored before these were there meant: nothing of the kind. Their decisions replay by it. */
const BEFORE: Pick<
  HomeTunables,
  'coldStartTemperature' | 'coldStartEpsilon' | 'coldStartTastes' | 'fatigueCardRestDays' | 'fatigueShelfRestDays'
> = {
  coldStartTemperature: 1,
  coldStartEpsilon: 0,
  coldStartTastes: 0,
  fatigueCardRestDays: 0,
  fatigueShelfRestDays: 0,
};

/** Completes and checks tunables. Throws `OPTION_INVALID` with the field and its range. */
export function resolveTunables(given: Partial<HomeTunables> = {}): Readonly<HomeTunables> {
  const tunables = resolveOptions<HomeTunables>('home', given, DEFAULT_TUNABLES);
  if (!isPolicyId(tunables.policy)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `home: policy is "${String(tunables.policy)}"; it must be one of ${POLICY_IDS.join(', ')}`,
    );
  }
  requirePolicyOptions(tunables);
  resolveComposition(tunables.composition);
  requireRange('home', 'newcomerPlays', tunables.newcomerPlays, 0, 1e12);
  requireRange('home', 'shelfTemperature', tunables.shelfTemperature, 1e-6, 1e6);
  requireRange('home', 'cardTemperature', tunables.cardTemperature, 1e-6, 1e6);
  requireRange('home', 'shelfEpsilon', tunables.shelfEpsilon, 0, 1);
  requireRange('home', 'cardEpsilon', tunables.cardEpsilon, 0, 1);
  requireRange('home', 'coldStartTemperature', tunables.coldStartTemperature, 1e-3, 1e3);
  requireRange('home', 'coldStartEpsilon', tunables.coldStartEpsilon, 0, 1);
  requireRange('home', 'coldStartTastes', tunables.coldStartTastes, 0, 64);
  requireRange('home', 'fatigueCardVisits', tunables.fatigueCardVisits, 1, CARD_VISITS);
  requireRange('home', 'fatigueCardRestDays', tunables.fatigueCardRestDays, 0, 3650);
  requireRange('home', 'fatigueShelfVisits', tunables.fatigueShelfVisits, 1, SHELF_VISITS);
  requireRange('home', 'fatigueShelfRestDays', tunables.fatigueShelfRestDays, 0, 3650);
  for (const off of tunables.switchedOff) {
    if (!/^(shelf|policy):[a-z0-9-]+$/.test(off))
      throw new ShelfwiseError('OPTION_INVALID', `home: switchedOff has "${off}"; it takes shelf:ID and policy:ID`);
  }
  requireRange('home', 'creatorCapPerRow', tunables.creatorCapPerRow, 1, 255);
  requireRange('home', 'creatorCapPerPage', tunables.creatorCapPerPage, 1, 255);
  requireRange('home', 'candidatesPerShelf', tunables.candidatesPerShelf, 1, MAX_CANDIDATES);
  for (const surface of SURFACES) {
    const limits = tunables.surfaces[surface];
    if (limits === undefined) throw new ShelfwiseError('OPTION_INVALID', `home: surfaces lacks "${surface}"`);
    requireRange('home', `surfaces.${surface}.shelves`, limits.shelves, 1, 24);
    requireRange('home', `surfaces.${surface}.cards`, limits.cards, 1, 20);
    requireRange('home', `surfaces.${surface}.examinationDecay`, limits.examinationDecay, 1e-3, 1);
    if (limits.examination !== undefined) requireExamination(surface, limits.examination);
  }
  return tunables;
}

/** θ by card rank: no more ranks than a row may have cards. */
const MAX_EXAMINATION = 20;

function requireExamination(surface: Surface, thetas: readonly number[]): void {
  const refuse = (what: string, remedy: string): never => {
    throw new ShelfwiseError('OPTION_INVALID', `home: surfaces.${surface}.examination ${what}; ${remedy}`);
  };
  const expected =
    'it must be a list of numbers by card rank, such as [1, 0.8, 0.6]; leave it out for examinationDecay';
  if (!Array.isArray(thetas)) refuse(`is ${JSON.stringify(thetas)}`, expected);
  if (thetas.length === 0) refuse('is empty', expected);
  if (thetas.length > MAX_EXAMINATION)
    refuse(`has ${thetas.length} entries`, `it must have at most ${MAX_EXAMINATION}, and the last one counts beyond`);
  const wrong = thetas.findIndex((theta) => !(typeof theta === 'number' && theta > 0 && theta <= 1));
  if (wrong < 0) return;
  const theta: unknown = thetas[wrong];
  const shown = typeof theta === 'number' ? theta : JSON.stringify(theta);
  refuse(`has ${shown} at card rank ${wrong}`, 'each must lie in (0, 1], so divide them all by the greatest');
}

function requirePolicyOptions({ policy, policyOptions }: HomeTunables): void {
  if (typeof policyOptions !== 'object' || policyOptions === null || Array.isArray(policyOptions)) {
    throw new ShelfwiseError('OPTION_INVALID', 'home: policyOptions must be an object of options by name');
  }
  if (policy !== 'plackett-luce') policyOf(policy, policyOptions);
  else if (Object.keys(policyOptions).length > 0) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      'home: policyOptions has options of plackett-luce; set shelfTemperature, shelfEpsilon, cardTemperature and cardEpsilon instead',
    );
  }
}

/** Room for candidates of one shelf before filters; a declaration may not propose more. */
export const MAX_CANDIDATES = 400;

export function tunablesEpoch(tunables: HomeTunables): EpochContent {
  return { kind: 'tunables', arrays: {}, meta: { home: tunables as unknown as Json } };
}

export function tunablesOf(epoch: EpochContent): Readonly<HomeTunables> {
  return resolveTunables({ ...BEFORE, ...(epoch.meta.home as unknown as HomeTunables) });
}

/**
 * The policy of an id under these tunables; `cold` for listeners of whom little is known (see `isCold`): what has a
 * temperature is hotter, what has a uniform share has at least the cold start's. `policyOptions` are those of the tunables' own policy.
 */
export function policyUnder(id: string, tunables: HomeTunables, cold = false): Policy {
  const policy = plainPolicyUnder(id, tunables, cold);
  return id === 'popularity' ? policy : composed(policy, tunables.composition, cold);
}

function plainPolicyUnder(id: string, tunables: HomeTunables, cold: boolean): Policy {
  const hotter = cold ? tunables.coldStartTemperature : 1;
  const least = cold ? tunables.coldStartEpsilon : 0;
  if (id === 'plackett-luce') {
    return policyOf(id, {
      shelfTemperature: tunables.shelfTemperature * hotter,
      shelfEpsilon: Math.max(least, tunables.shelfEpsilon),
      cardTemperature: tunables.cardTemperature * hotter,
      cardEpsilon: Math.max(least, tunables.cardEpsilon),
    });
  }
  const policy = policyOf(id, id === tunables.policy ? tunables.policyOptions : {});
  if (!cold) return policy;
  const { epsilon, temperature, ...others } = policy.options;
  return policyOf(id, {
    ...others,
    ...(typeof epsilon === 'number' ? { epsilon: Math.max(least, epsilon) } : {}),
    ...(typeof temperature === 'number' ? { temperature: temperature * hotter } : {}),
  });
}

/**
 * Is little known of the listener? A function of the view alone, which is in the record: replay, and a policy that is
 * judged on the decision, find the same answer.
 */
export function isCold({ items, liked }: Pick<ListenerView, 'items' | 'liked'>, tunables: HomeTunables): boolean {
  return items.length + liked.length < tunables.coldStartTastes;
}

export function isSwitchedOff({ switchedOff }: HomeTunables, kind: 'shelf' | 'policy', id: string): boolean {
  return switchedOff.length > 0 && offIn(switchedOff)[kind].has(id);
}

type SwitchedOff = Readonly<Record<'shelf' | 'policy', ReadonlySet<string>>>;
/** Asked for every shelf of every page. */
const known = new WeakMap<readonly string[], SwitchedOff>();

function offIn(switchedOff: readonly string[]): SwitchedOff {
  let off = known.get(switchedOff);
  if (off === undefined) {
    const of = (kind: string): Set<string> =>
      new Set(switchedOff.flatMap((target) => (target.startsWith(`${kind}:`) ? [target.slice(kind.length + 1)] : [])));
    off = { shelf: of('shelf'), policy: of('policy') };
    known.set(switchedOff, off);
  }
  return off;
}

/** θ_j for j = 0 .. cards - 1: as given, the last repeated, or by the decay. */
export function examinationOf({ cards, examination, examinationDecay }: SurfaceTunables): Float64Array {
  if (examination === undefined) return Float64Array.from({ length: cards }, (_, j) => examinationDecay ** j);
  return Float64Array.from({ length: cards }, (_, j) => examination[Math.min(j, examination.length - 1)]);
}
