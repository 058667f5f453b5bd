/**
 * Ensembles of decision trees: TreeEnsembleRegressor and TreeEnsembleClassifier (`ai.onnx.ml` 1 to 4) and TreeEnsemble (5).
 * All three become one table of nodes. Where the specification is silent, as on binary classifiers, this does as ONNX Runtime.
 */
import { ClassLabels, rowsAndColumns } from './classic.ts';
import type { NodeView, Operator } from './node-view.ts';
import { applyTransform, logistic, POST_TRANSFORMS, type PostTransform, postTransformOf } from './post-transform.ts';
import { TreeKernel } from './tree-kernel.ts';
import { indexedTrees, leafOf, listedTrees, type Trees } from './tree-table.ts';
import type { Numbers } from './value.ts';

type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';
/** As operator set 5 numbers them. */
const AGGREGATES: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

/** Sums, or whatever the aggregate is, by target over the trees; `voted` says which targets had a vote at all. */
function scoreRow(
  trees: Trees,
  aggregate: Aggregate,
  x: Numbers,
  row: number,
  sums: Float64Array,
  voted: Uint8Array,
): void {
  sums.fill(0);
  voted.fill(0);
  const { roots, votesFrom, votesTo, voteTargets, voteWeights } = trees;
  for (let t = 0; t < roots.length; t++) {
    const leaf = leafOf(trees, roots[t], x, row);
    for (let v = votesFrom[leaf]; v < votesTo[leaf]; v++) {
      const target = voteTargets[v];
      const weight = voteWeights[v];
      if (aggregate === 'SUM' || aggregate === 'AVERAGE' || voted[target] === 0) sums[target] += weight;
      else sums[target] = aggregate === 'MIN' ? Math.min(sums[target], weight) : Math.max(sums[target], weight);
      voted[target] = 1;
    }
  }
  if (aggregate === 'AVERAGE') for (let c = 0; c < sums.length; c++) sums[c] /= roots.length;
}

function regressor(
  node: NodeView,
  trees: Trees,
  targets: number,
  aggregate: Aggregate,
  transform: PostTransform,
  base: ArrayLike<number>,
): ReturnType<Operator> {
  const sums = new Float64Array(targets);
  const voted = new Uint8Array(targets);
  // A lone score is only ever transformed by PROBIT: ONNX Runtime leaves it as it is otherwise.
  const applied = targets === 1 && transform !== 'PROBIT' ? 'NONE' : transform;
  const summed = aggregate === 'SUM' || aggregate === 'AVERAGE';
  const kernel = targets === 1 && summed ? TreeKernel.of(trees) : undefined;
  const divisor = aggregate === 'AVERAGE' ? trees.roots.length : 1;
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const [rows, columns] = rowsAndColumns(node, a);
    if (columns < trees.width) node.invalid(`reads ${trees.width} columns; there are ${columns}`);
    const x = a.numbers;
    const z = outputs[0]?.shape(a.type === 'double' && node.operator === 'TreeEnsemble' ? 'double' : 'float', [
      rows,
      targets,
    ]);
    if (z === undefined) return;
    const known = x instanceof Float32Array ? kernel?.sum(x, rows, columns) : undefined;
    for (let r = 0; r < rows; r++) {
      if (known === undefined) scoreRow(trees, aggregate, x, r * columns, sums, voted);
      else sums[0] = known[r] / divisor;
      if (base.length === targets) for (let c = 0; c < targets; c++) sums[c] += base[c];
      applyTransform(applied, sums, 0, targets);
      for (let c = 0; c < targets; c++) z[r * targets + c] = sums[c];
    }
  };
}

const treeEnsembleRegressor: Operator = (node: NodeView) => {
  const name = node.text('aggregate_function', 'SUM');
  const aggregate = AGGREGATES.find((known) => known === name);
  if (aggregate === undefined) node.invalid(`has the aggregate_function "${name}"`);
  const trees = listedTrees(node, 'target');
  return regressor(
    node,
    trees,
    node.int('n_targets', 1),
    aggregate,
    postTransformOf(node),
    node.numbers('base_values'),
  );
};

const treeEnsemble: Operator = (node: NodeView) => {
  const aggregate = AGGREGATES[node.int('aggregate_function', 1)];
  const transform = POST_TRANSFORMS[node.int('post_transform', 0)];
  if (aggregate === undefined || transform === undefined) node.invalid('has an unknown aggregate or transform');
  return regressor(node, indexedTrees(node), node.int('n_targets', 1), aggregate, transform, []);
};

/**
 * Two labels and votes for the first class only are the binary case. Its score s is the positive class's: [1 - s, s] where no
 * weight is negative (s is then a probability, the label positive beyond .5), else [-s, s]; with LOGISTIC the probabilities of
 * -s and s.
 */
const treeEnsembleClassifier: Operator = (node: NodeView) => {
  const trees = listedTrees(node, 'class');
  const labels = new ClassLabels(node.ints('classlabels_int64s'), node.texts('classlabels_strings'));
  const transform = postTransformOf(node);
  const base = node.numbers('base_values');
  const classes = labels.count;
  const lone = classes === 2 && !trees.voteTargets.includes(1);
  const allPositive = trees.voteWeights.every((weight) => weight >= 0);
  // Of one class's votes, none of them negative: a probability.
  const even = allPositive && new Set(trees.voteTargets).size === 1 ? 0.5 : 0;
  const sums = new Float64Array(classes);
  const voted = new Uint8Array(classes);
  if (classes < 2) node.unsupported(`has ${classes} classes`);
  // What runtimes do with base values of two voted classes is nothing that one would guess.
  const bases = lone ? 1 : classes > 2 ? classes : 0;
  if (base.length > 0 && base.length !== bases) node.unsupported(`has ${base.length} base values`);
  if (lone && transform === 'PROBIT') node.unsupported('has PROBIT of one score for two classes');

  const kernel = lone ? TreeKernel.of(trees) : undefined;

  const finishLone = (): number => {
    const score = sums[0] + (base.length === 1 ? base[0] : 0);
    if (transform === 'LOGISTIC') {
      sums[0] = logistic(-score);
      sums[1] = logistic(score);
    } else {
      sums[0] = allPositive ? 1 - score : -score;
      sums[1] = score;
    }
    return score > even ? 1 : 0;
  };
  const finishAll = (): number => {
    if (base.length === classes) for (let c = 0; c < classes; c++) sums[c] += base[c];
    let best = -1;
    if (classes === 2) best = (voted[1] === 1 ? sums[1] : sums[0]) > even ? 1 : 0;
    else {
      for (let c = 0; c < classes; c++) {
        const counts = voted[c] === 1 || base.length === classes;
        if (counts && (best < 0 || sums[c] > sums[best])) best = c;
      }
    }
    applyTransform(transform, sums, 0, classes);
    return Math.max(0, best);
  };

  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const [rows, columns] = rowsAndColumns(node, a);
    if (columns < trees.width) node.invalid(`reads ${trees.width} columns; there are ${columns}`);
    const x = a.numbers;
    const z = outputs[1]?.shape('float', [rows, classes]);
    const known = x instanceof Float32Array ? kernel?.sum(x, rows, columns) : undefined;
    for (let r = 0; r < rows; r++) {
      if (known === undefined) scoreRow(trees, 'SUM', x, r * columns, sums, voted);
      else sums[0] = known[r];
      labels.choose(r, lone ? finishLone() : finishAll());
      if (z !== undefined) for (let c = 0; c < classes; c++) z[r * classes + c] = sums[c];
    }
    labels.write(outputs[0], rows);
  };
};

export const TREES: Readonly<Record<string, Operator>> = {
  TreeEnsembleRegressor: treeEnsembleRegressor,
  TreeEnsembleClassifier: treeEnsembleClassifier,
  TreeEnsemble: treeEnsemble,
};
