/**
 * Tunables of Home: what changes which page is drawn. Their canonical JSON is an epoch, its hash is in every record, and
 * replay reads them from there. Deployment settings (ports, folders) are elsewhere.
 */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { type EpochContent, type Json, SURFACES, type Surface } from '../domain/index.ts';
import { POLICY_IDS, type Policy, policyOf } from '../policy/index.ts';

export type PolicyId = (typeof POLICY_IDS)[number];

export interface SurfaceTunables {
  /** Most shelves on a page, 1 to 24. */
  readonly shelves: number;
  /** Most cards in a row, 1 to 20. */
  readonly cards: number;
  /** Examination of the j-th card of a row: θ_j = decay^j, decay in (0, 1]. Smaller where fewer cards are looked at. */
  readonly examinationDecay: number;
}

export interface HomeTunables {
  /** The policy that draws pages of listeners outside the hold-out. @default 'plackett-luce' */
  readonly policy: PolicyId;
  /** Temperature of shelf values, in units of expected reward per page view. Higher explores more. @default 0.35 */
  readonly shelfTemperature: number;
  /** Share of uniform exploration in each shelf draw. @default 0.05 */
  readonly shelfEpsilon: number;
  /** Temperature of card scores, in units of reward probability. @default 0.06 */
  readonly cardTemperature: number;
  /** Share of uniform exploration in each card draw. @default 0.05 */
  readonly cardEpsilon: number;
  readonly surfaces: Readonly<Record<Surface, SurfaceTunables>>;
  /** Most cards of one creator in a row. @default 3 */
  readonly creatorCapPerRow: number;
  /** Most cards of one creator on a page. @default 8 */
  readonly creatorCapPerPage: number;
  /** Most candidates of one shelf after filters. @default 50 */
  readonly candidatesPerShelf: number;
}

export const DEFAULT_TUNABLES: HomeTunables = {
  policy: 'plackett-luce',
  shelfTemperature: 0.35,
  shelfEpsilon: 0.05,
  cardTemperature: 0.06,
  cardEpsilon: 0.05,
  surfaces: {
    phone: { shelves: 12, cards: 10, examinationDecay: 0.8 },
    desktop: { shelves: 12, cards: 10, examinationDecay: 0.9 },
    tv: { shelves: 10, cards: 10, examinationDecay: 0.9 },
    car: { shelves: 4, cards: 6, examinationDecay: 0.6 },
  },
  creatorCapPerRow: 3,
  creatorCapPerPage: 8,
  candidatesPerShelf: 50,
};

/** Completes and checks tunables. Throws `OPTION_INVALID` with the field and its range. */
export function resolveTunables(given: Partial<HomeTunables> = {}): Readonly<HomeTunables> {
  const tunables = resolveOptions<HomeTunables>('home', given, DEFAULT_TUNABLES);
  if (!POLICY_IDS.includes(tunables.policy)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `home: policy is "${tunables.policy}"; it must be one of ${POLICY_IDS.join(', ')}`,
    );
  }
  requireRange('home', 'shelfTemperature', tunables.shelfTemperature, 1e-6, 1e6);
  requireRange('home', 'cardTemperature', tunables.cardTemperature, 1e-6, 1e6);
  requireRange('home', 'shelfEpsilon', tunables.shelfEpsilon, 0, 1);
  requireRange('home', 'cardEpsilon', tunables.cardEpsilon, 0, 1);
  requireRange('home', 'creatorCapPerRow', tunables.creatorCapPerRow, 1, 255);
  requireRange('home', 'creatorCapPerPage', tunables.creatorCapPerPage, 1, 255);
  requireRange('home', 'candidatesPerShelf', tunables.candidatesPerShelf, 1, MAX_CANDIDATES);
  for (const surface of SURFACES) {
    const limits = tunables.surfaces[surface];
    if (limits === undefined) throw new ShelfwiseError('OPTION_INVALID', `home: surfaces lacks "${surface}"`);
    requireRange('home', `surfaces.${surface}.shelves`, limits.shelves, 1, 24);
    requireRange('home', `surfaces.${surface}.cards`, limits.cards, 1, 20);
    requireRange('home', `surfaces.${surface}.examinationDecay`, limits.examinationDecay, 1e-3, 1);
  }
  return tunables;
}

/** Room for candidates of one shelf before filters; a declaration may not propose more. */
export const MAX_CANDIDATES = 400;

export function tunablesEpoch(tunables: HomeTunables): EpochContent {
  return { kind: 'tunables', arrays: {}, meta: { home: tunables as unknown as Json } };
}

export function tunablesOf(epoch: EpochContent): Readonly<HomeTunables> {
  return resolveTunables(epoch.meta.home as unknown as HomeTunables);
}

/** The policy of an id under these tunables. */
export function policyUnder(id: string, tunables: HomeTunables): Policy {
  if (id !== 'plackett-luce') return policyOf(id);
  return policyOf(id, {
    shelfTemperature: tunables.shelfTemperature,
    shelfEpsilon: tunables.shelfEpsilon,
    cardTemperature: tunables.cardTemperature,
    cardEpsilon: tunables.cardEpsilon,
  });
}

/** θ_j for j = 0 .. cards - 1. */
export function examinationOf(surface: SurfaceTunables): Float64Array {
  return Float64Array.from({ length: surface.cards }, (_, j) => surface.examinationDecay ** j);
}
