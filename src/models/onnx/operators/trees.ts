/**
 * Ensembles of decision trees: TreeEnsembleRegressor and TreeEnsembleClassifier (`ai.onnx.ml` 1 to 4) and TreeEnsemble (5).
 * All three become one table of nodes. Where the specification is silent, as on binary classifiers, this does as ONNX Runtime.
 */
import { ClassLabels, rowsAndColumns } from './classic.ts';
import type { NodeView, Operator } from './node-view.ts';
import { applyTransform, logistic, POST_TRANSFORMS, type PostTransform, postTransformOf } from './post-transform.ts';
import type { Numbers } from './value.ts';

const MODES: readonly string[] = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
  'BRANCH_MEMBER',
];
const LEQ = 0;
const LT = 1;
const GTE = 2;
const GT = 3;
const EQ = 4;
const NEQ = 5;
const MEMBER = 6;
const LEAF = 7;

type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';
/** As operator set 5 numbers them. */
const AGGREGATES: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

/** Nodes of all trees. A leaf votes for the targets from `votesFrom` up to `votesTo`. */
interface Trees {
  readonly roots: Int32Array;
  readonly modes: Uint8Array;
  readonly columns: Int32Array;
  readonly thresholds: Float64Array;
  readonly yes: Int32Array;
  readonly no: Int32Array;
  /** 1 where NaN follows `yes`. */
  readonly missingYes: Uint8Array;
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
  readonly votesFrom: Int32Array;
  readonly votesTo: Int32Array;
  readonly voteTargets: Int32Array;
  readonly voteWeights: Float64Array;
  /** Most columns that a row must have. */
  readonly width: number;
}

function leafOf(trees: Trees, root: number, x: Numbers, row: number): number {
  const { modes, columns, thresholds, yes, no, missingYes } = trees;
  let node = root;
  for (;;) {
    const mode = modes[node];
    if (mode === LEAF) return node;
    const value = x[row + columns[node]];
    const threshold = thresholds[node];
    let holds: boolean;
    switch (mode) {
      case LEQ:
        holds = value <= threshold;
        break;
      case LT:
        holds = value < threshold;
        break;
      case GTE:
        holds = value >= threshold;
        break;
      case GT:
        holds = value > threshold;
        break;
      case EQ:
        holds = value === threshold;
        break;
      case NEQ:
        holds = value !== threshold;
        break;
      default:
        holds = trees.members.get(node)?.has(value) === true;
    }
    if (!holds && missingYes[node] === 1 && Number.isNaN(value)) holds = true;
    node = holds ? yes[node] : no[node];
  }
}

/** Nodes and leaves of operator sets 1 to 4: parallel lists, nodes named by tree and number. */
function listedTrees(node: NodeView, votes: 'target' | 'class'): Trees {
  const treeIds = node.ints('nodes_treeids');
  const nodeIds = node.ints('nodes_nodeids');
  const count = treeIds.length;
  const at = new Map<string, number>();
  for (let i = 0; i < count; i++) at.set(`${treeIds[i]} ${nodeIds[i]}`, i);
  const find = (tree: number, id: number): number => {
    const found = at.get(`${tree} ${id}`);
    if (found === undefined) node.invalid(`names node ${id} of tree ${tree}, which is not there`);
    return found;
  };
  const modes = Uint8Array.from(node.texts('nodes_modes'), (mode) => {
    if (mode === 'LEAF') return LEAF;
    const known = MODES.indexOf(mode);
    if (known < 0 || known === MEMBER) node.unsupported(`has nodes of mode ${mode}`);
    return known;
  });
  const branch = (list: readonly number[]): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => (modes[i] === LEAF ? 0 : find(treeIds[i], list[i])));
  const columns = Int32Array.from(node.ints('nodes_featureids'));
  const yes = branch(node.ints('nodes_truenodeids'));
  const no = branch(node.ints('nodes_falsenodeids'));
  const missing = node.ints('nodes_missing_value_tracks_true');

  const voteTrees = node.ints(`${votes}_treeids`);
  const voteNodes = node.ints(`${votes}_nodeids`);
  const ids = node.ints(`${votes}_ids`);
  const weights = node.numbers(`${votes}_weights`);
  const leaves = voteTrees.map((tree, v) => find(tree, voteNodes[v]));
  const order = leaves.map((_, v) => v).sort((a, b) => leaves[a] - leaves[b] || a - b);
  const votesFrom = new Int32Array(count);
  const votesTo = new Int32Array(count);
  order.forEach((v, k) => {
    if (k === 0 || leaves[order[k - 1]] !== leaves[v]) votesFrom[leaves[v]] = k;
    votesTo[leaves[v]] = k + 1;
  });
  // The root of a tree is its first node in the list that no other names.
  const children = new Set<number>();
  for (let i = 0; i < count; i++) if (modes[i] !== LEAF) children.add(yes[i]).add(no[i]);
  const roots = treeIds.flatMap((_, i) => (children.has(i) ? [] : [i]));
  if (roots.length !== new Set(treeIds).size) node.invalid('has a tree without a root, or with several');
  return checked(node, {
    roots: Int32Array.from(roots),
    modes,
    columns,
    thresholds: Float64Array.from(node.numbers('nodes_values')),
    yes,
    no,
    missingYes: Uint8Array.from({ length: count }, (_, i) => (missing[i] === 1 ? 1 : 0)),
    members: new Map(),
    votesFrom,
    votesTo,
    voteTargets: Int32Array.from(order, (v) => ids[v]),
    voteWeights: Float64Array.from(order, (v) => weights[v]),
    width: 0,
  });
}

/** Operator set 5: inner nodes and leaves in lists of their own; leaves stand behind the nodes here. */
function indexedTrees(node: NodeView): Trees {
  const modeTensor = node.tensor('nodes_modes');
  const branches = node.ints('nodes_featureids').length;
  const targets = node.ints('leaf_targetids');
  const count = branches + targets.length;
  const child = (ids: readonly number[], leaf: readonly number[]): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => (i >= branches ? 0 : leaf[i] === 1 ? branches + ids[i] : ids[i]));
  const modes = new Uint8Array(count).fill(LEAF);
  if (modeTensor !== undefined) modes.set(modeTensor.data as Float64Array);
  const missing = node.ints('nodes_missing_value_tracks_true');
  const thresholds = new Float64Array(count);
  thresholds.set(Float64Array.from(node.numbers('nodes_splits', 'nodes_splits')));
  const members = new Map<number, Set<number>>();
  const listed = Array.from(node.numbers('membership_values', 'membership_values'));
  for (let i = 0, v = 0; i < branches; i++) {
    if (modes[i] !== MEMBER) continue;
    const set = new Set<number>();
    while (v < listed.length && !Number.isNaN(listed[v])) set.add(listed[v++]);
    v++;
    members.set(i, set);
  }
  const columns = new Int32Array(count);
  columns.set(node.ints('nodes_featureids'));
  return checked(node, {
    roots: Int32Array.from(node.ints('tree_roots')),
    modes,
    columns,
    thresholds,
    yes: child(node.ints('nodes_truenodeids'), node.ints('nodes_trueleafs')),
    no: child(node.ints('nodes_falsenodeids'), node.ints('nodes_falseleafs')),
    missingYes: Uint8Array.from({ length: count }, (_, i) => (missing[i] === 1 ? 1 : 0)),
    members,
    votesFrom: Int32Array.from({ length: count }, (_, i) => (i < branches ? 0 : i - branches)),
    votesTo: Int32Array.from({ length: count }, (_, i) => (i < branches ? 0 : i - branches + 1)),
    voteTargets: Int32Array.from(targets),
    voteWeights: Float64Array.from(node.numbers('leaf_weights', 'leaf_weights')),
    width: 0,
  });
}

/** Refuses lists that do not fit each other, and nodes that lead back to themselves: scoring would never end. */
function checked(node: NodeView, trees: Trees): Trees {
  const { modes, columns, thresholds, yes, no, roots, voteTargets, voteWeights } = trees;
  const count = modes.length;
  if (columns.length !== count || thresholds.length !== count || voteTargets.length !== voteWeights.length) {
    node.invalid('has lists of different lengths');
  }
  const seen = new Uint8Array(count);
  const waiting = Array.from(roots);
  let width = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!(next >= 0 && next < count)) node.invalid(`names node ${next} of ${count}`);
    if (seen[next] === 1) node.invalid(`reaches node ${next} twice: that is no tree`);
    seen[next] = 1;
    if (modes[next] === LEAF) continue;
    if (columns[next] < 0) node.invalid(`splits on column ${columns[next]}`);
    width = Math.max(width, columns[next] + 1);
    waiting.push(yes[next], no[next]);
  }
  return { ...trees, width };
}

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
    for (let r = 0; r < rows; r++) {
      scoreRow(trees, aggregate, x, r * columns, sums, voted);
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
    for (let r = 0; r < rows; r++) {
      scoreRow(trees, 'SUM', x, r * columns, sums, voted);
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
