/** What `ai.onnx.ml` does to scores at the end, as ONNX Runtime does it where the specification is silent. */
import type { NodeView } from './node-view.ts';

/** In the order of their numbers in operator set 5. */
export const POST_TRANSFORMS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const;
export type PostTransform = (typeof POST_TRANSFORMS)[number];

export function postTransformOf(node: NodeView): PostTransform {
  const name = node.text('post_transform', 'NONE');
  const known = POST_TRANSFORMS.find((transform) => transform === name);
  if (known === undefined) node.invalid(`has the post_transform "${name}"`);
  return known;
}

export function logistic(x: number): number {
  const v = 1 / (1 + Math.exp(-Math.abs(x)));
  return x < 0 ? 1 - v : v;
}

/** The normal quantile by Winitzki's approximation of the inverse error function, which is what runtimes use: a few 1e-3 off. */
function probit(p: number): number {
  const x = 2 * p - 1;
  const log = Math.log((1 - x) * (1 + x));
  const half = 2 / (Math.PI * 0.147) + 0.5 * log;
  const root = Math.sqrt(half * half - log / 0.147) - half;
  return Math.SQRT2 * (x < 0 ? -1 : 1) * Math.sqrt(root);
}

/** Scores at least this far from 0 take part in SOFTMAX_ZERO. */
const NEAR_ZERO = 1e-7;

/** Replaces `count` scores from `at` on. */
export function applyTransform(transform: PostTransform, scores: Float64Array, at: number, count: number): void {
  switch (transform) {
    case 'NONE':
      return;
    case 'LOGISTIC':
      for (let c = at; c < at + count; c++) scores[c] = logistic(scores[c]);
      return;
    case 'PROBIT':
      for (let c = at; c < at + count; c++) scores[c] = probit(scores[c]);
      return;
    case 'SOFTMAX':
    case 'SOFTMAX_ZERO': {
      let most = Number.NEGATIVE_INFINITY;
      for (let c = at; c < at + count; c++) most = Math.max(most, scores[c]);
      const still = Math.exp(-most);
      let sum = 0;
      for (let c = at; c < at + count; c++) {
        if (transform === 'SOFTMAX_ZERO' && Math.abs(scores[c]) <= NEAR_ZERO) scores[c] *= still;
        else {
          scores[c] = Math.exp(scores[c] - most);
          sum += scores[c];
        }
      }
      for (let c = at; c < at + count; c++) scores[c] /= sum;
    }
  }
}
