/** Nodes of ensembles of trees in one table, read from the lists of either form of the operators. */
import type { NodeView } from './node-view.ts';
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
export const LEQ = 0;
export const LT = 1;
const GTE = 2;
const GT = 3;
const EQ = 4;
const NEQ = 5;
const MEMBER = 6;
export const LEAF = 7;

/** Nodes of all trees. A leaf votes for the targets from `votesFrom` up to `votesTo`. */
export interface Trees {
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

export function leafOf(trees: Trees, root: number, x: Numbers, row: number): number {
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
export function listedTrees(node: NodeView, votes: 'target' | 'class'): Trees {
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
export function indexedTrees(node: NodeView): Trees {
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
