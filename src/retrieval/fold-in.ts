/** A listener's vector from what they played, without fitting anew. */
import type { Embedding } from '../domain/index.ts';
import { solveRow } from '../kernels/index.ts';
import { confidenceOf } from './interactions.ts';

let columns = new Uint32Array(256);
let confidences = new Float32Array(256);

/**
 * out = (FᵀF + λI + Σ (c - 1) f fᵀ)⁻¹ Σ c f over the first `length` of `items`, with c = 1 + alpha · ln(1 + count / epsilon)
 * and f the item's factors: exactly the alternating step of the fit, so that a training listener gets their own factors.
 * `counts`: decayed plays; an item with a count of 0 or less, or one that the embedding does not have, is passed over.
 * Writes `embedding.dimension` numbers; zeros when nothing is left. Allocates nothing once its buffers have grown.
 */
export function foldIn(
  embedding: Embedding,
  items: Uint32Array | readonly number[],
  counts: Float32Array | readonly number[],
  length: number,
  out: Float32Array,
): void {
  if (columns.length < length) {
    columns = new Uint32Array(2 * length);
    confidences = new Float32Array(2 * length);
  }
  let kept = 0;
  for (let i = 0; i < length; i++) {
    const item = items[i];
    if (item >= embedding.size || !(counts[i] > 0)) continue;
    columns[kept] = item;
    confidences[kept++] = confidenceOf(counts[i], embedding.alpha, embedding.epsilon);
  }
  solveRow(embedding.gram, embedding.factors, embedding.dimension, columns, confidences, kept, out);
}
