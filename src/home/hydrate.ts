/** Hydration of the request: the listener's taste vector, what it recommends, and the view that the encoder reads. */
import { type ListenerView, NO_ITEM, type Vocabularies } from '../domain/index.ts';
import { foldIn, recommend } from '../retrieval/index.ts';
import { tasteInput, viewOf } from '../signals/index.ts';
import type { HomeRequest } from './request.ts';

/**
 * What was computed from a listener's taste, kept as long as neither the taste nor the embedding changed: folding in costs
 * a small linear system, searching costs a scan.
 */
export interface TasteMemory {
  /** Counts up whenever the listener's taste changes. */
  readonly tasteVersion: number;
  kept:
    | {
        readonly tasteVersion: number;
        readonly embeddingHash: string;
        /** The onboarding picks that it rests on, one a line. */
        readonly picks: string;
        readonly taste: Float32Array;
        readonly recommendations: Uint32Array;
      }
    | undefined;
}

/** Recommended candidates before filters: played ones are removed after. */
const RECOMMENDATIONS = 150;

export function hydrateTaste(request: HomeRequest, memory: TasteMemory): void {
  const { embedding, nearest } = request.epochs;
  if (embedding === undefined || nearest === undefined) return;
  const { kept } = memory;
  const picks = request.profile.onboardingPicks.join('\n');
  if (
    kept !== undefined &&
    kept.tasteVersion === memory.tasteVersion &&
    kept.embeddingHash === embedding.hash &&
    kept.picks === picks
  ) {
    request.taste = kept.taste;
    request.recommendations = kept.recommendations;
    return;
  }
  const { scratch } = request;
  const count = tasteInput(
    request.state,
    request.atMs,
    request.epochs.catalog,
    scratch.itemsA,
    scratch.scoresA,
    request.pickNumbers,
  );
  if (count === 0) return;
  const taste = new Float32Array(embedding.dimension);
  foldIn(embedding, scratch.itemsA, scratch.scoresA, count, taste);
  const found = recommend(
    embedding,
    nearest,
    taste,
    scratch.itemsA,
    scratch.scoresA,
    count,
    RECOMMENDATIONS,
    scratch.itemsB,
  );
  const recommendations = scratch.itemsB.slice(0, found);
  memory.kept = { tasteVersion: memory.tasteVersion, embeddingHash: embedding.hash, picks, taste, recommendations };
  request.taste = taste;
  request.recommendations = recommendations;
}

export function hydrateView(request: HomeRequest, vocabularies: Vocabularies): void {
  request.view = viewOf(request.state, {
    nowMs: request.atMs,
    profile: request.profile,
    vocabularies,
    catalog: request.epochs.catalog,
    taste: request.taste,
  });
}

/** The view of somebody of whom nothing is known. */
export const EMPTY_VIEW: ListenerView = Object.freeze({
  tier: -1,
  market: -1,
  language: -1,
  ageBand: 0,
  totalPlays: 0,
  tenureDays: 0,
  recentPlays: 0,
  taste: new Float32Array(0),
  items: new Uint32Array(0),
  itemPlays: new Float32Array(0),
  itemAgeDays: new Float32Array(0),
  creators: new Uint32Array(0),
  creatorPlays: new Float32Array(0),
  genres: new Uint16Array(0),
  genrePlays: new Float32Array(0),
  hours: new Float32Array(24),
  followed: new Uint32Array(0),
  liked: new Uint32Array(0),
  sessionItem: NO_ITEM,
  sessionPlays: 0,
});
