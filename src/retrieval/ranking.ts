/** How good a ranking is. */

export interface RankingScores {
  readonly recall: number;
  readonly ndcg: number;
}

/**
 * Of the first k of `ranked` (distinct, best first) against the relevant ones:
 *   recall = hits / min(k, |relevant|)
 *   ndcg   = Σ_hits 1 / log2(1 + rank) / Σ_{r <= min(k, |relevant|)} 1 / log2(1 + r),   ranks from 1
 * Both in [0, 1]; 0 when nothing is relevant (leave such listeners out of an average).
 */
export function rankingScores(ranked: Uint32Array, relevant: ReadonlySet<number>, k: number): RankingScores {
  const possible = Math.min(k, relevant.size);
  if (possible === 0) return { recall: 0, ndcg: 0 };
  let hits = 0;
  let gain = 0;
  const shown = Math.min(k, ranked.length);
  for (let r = 0; r < shown; r++) {
    if (!relevant.has(ranked[r])) continue;
    hits++;
    gain += 1 / Math.log2(r + 2);
  }
  let ideal = 0;
  for (let r = 0; r < possible; r++) ideal += 1 / Math.log2(r + 2);
  return { recall: hits / possible, ndcg: gain / ideal };
}
