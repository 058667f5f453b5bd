import type { EncoderShape } from '../../features/index.ts';
import type { TreeEnsemble } from '../trees/ensemble.ts';
import { constantScore, type ExportedModel, exportModel, type ModelInputs } from './export-model.ts';
import type { GraphBuilder, ValueName } from './graph-builder.ts';

/** Bits of a set of categories. */
const CATEGORIES = 256;

/**
 * Boosted trees: one TreeEnsembleRegressor (`ai.onnx.ml` 3) whose nodes all ask `column <= threshold`, thresholds and leaves in
 * 32 bits as they are here, missing values tracked to the side that was learnt. Runtimes do not apply post_transform to a
 * lone target, so that the sigmoid is a node of its own.
 *
 * Version 3 has no test of membership, and a chain of BRANCH_EQ would repeat a subtree for every category. Instead each split
 * on a slot reads a column of its own: 0 where the row's category goes left and 1 where it does not, gathered from a table of
 * categories by splits. The category is looked up by bucket; buckets that the slot does not tell apart have category 0.
 */
export function exportTrees(encoder: EncoderShape, model: ExportedModel, trees: TreeEnsemble): Uint8Array {
  return exportModel(encoder, model, (graph, inputs) => {
    const margin =
      trees.features.length === 0 ? constantScore(graph, inputs, trees.base) : treesMargin(graph, inputs, trees);
    return trees.scale === 'probability' ? graph.node('Sigmoid', [margin]) : margin;
  });
}

function treesMargin(graph: GraphBuilder, { dense, sparse }: ModelInputs, trees: TreeEnsemble): ValueName {
  const { starts, features, thresholds, left, missingLeft, values, denseWidth } = trees;
  const parts: ValueName[] = dense === undefined ? [] : [dense];
  // The column that a split on a slot reads, by set.
  const columnOfSet = new Map<number, number>();
  if (sparse !== undefined) {
    let column = denseWidth;
    for (let slot = 0; slot < trees.sparseWidth; slot++) {
      const sets = [...new Set(setsOfSlot(trees, slot))];
      if (sets.length === 0) continue;
      for (let k = 0; k < sets.length; k++) columnOfSet.set(sets[k], column + k);
      column += sets.length;
      parts.push(memberships(graph, sparse, trees, slot, sets));
    }
  }
  // A model of slots that asks none, only leaves, still needs rows to answer.
  const columns =
    parts.length > 0 ? graph.concat(parts) : graph.node('Cast', [sparse as ValueName], { to: { int: 1 } });

  const ids = { trees: [] as number[], nodes: [] as number[], yes: [] as number[], no: [] as number[] };
  const columnsOf: number[] = [];
  const cuts: number[] = [];
  const modes: string[] = [];
  const missing: number[] = [];
  const leaves = { trees: [] as number[], nodes: [] as number[], weights: [] as number[] };
  for (let tree = 0; tree + 1 < starts.length; tree++) {
    for (let n = starts[tree]; n < starts[tree + 1]; n++) {
      const feature = features[n];
      const leaf = feature < 0;
      const bySlot = feature >= denseWidth;
      ids.trees.push(tree);
      ids.nodes.push(n - starts[tree]);
      ids.yes.push(leaf ? 0 : left[n]);
      ids.no.push(leaf ? 0 : left[n] + 1);
      columnsOf.push(leaf ? 0 : bySlot ? (columnOfSet.get(trees.setOf[n]) ?? 0) : feature);
      cuts.push(leaf ? 0 : bySlot ? 0.5 : thresholds[n]);
      modes.push(leaf ? 'LEAF' : 'BRANCH_LEQ');
      missing.push(leaf || bySlot ? 0 : missingLeft[n]);
      if (!leaf) continue;
      leaves.trees.push(tree);
      leaves.nodes.push(n - starts[tree]);
      leaves.weights.push(values[n]);
    }
  }
  return graph.mlNode('TreeEnsembleRegressor', [columns], {
    n_targets: { int: 1 },
    aggregate_function: { text: 'SUM' },
    post_transform: { text: 'NONE' },
    base_values: { floats: [trees.base] },
    nodes_treeids: { ints: ids.trees },
    nodes_nodeids: { ints: ids.nodes },
    nodes_featureids: { ints: columnsOf },
    nodes_modes: { texts: modes },
    nodes_values: { floats: cuts },
    nodes_truenodeids: { ints: ids.yes },
    nodes_falsenodeids: { ints: ids.no },
    nodes_missing_value_tracks_true: { ints: missing },
    target_treeids: { ints: leaves.trees },
    target_nodeids: { ints: leaves.nodes },
    target_ids: { ints: leaves.nodes.map(() => 0) },
    target_weights: { floats: leaves.weights },
  });
}

function* setsOfSlot({ features, setOf, denseWidth }: TreeEnsemble, slot: number): Iterable<number> {
  for (let n = 0; n < features.length; n++) if (features[n] === denseWidth + slot) yield setOf[n];
}

/** float[N, sets]: 0 where the row's category of the slot is in the set, else 1. */
function memberships(
  graph: GraphBuilder,
  sparse: ValueName,
  { bucketStarts, buckets, sets: words }: TreeEnsemble,
  slot: number,
  sets: readonly number[],
): ValueName {
  const known = buckets.subarray(bucketStarts[slot], bucketStarts[slot + 1]);
  const table = new Float32Array(CATEGORIES * sets.length);
  for (let category = 0; category < CATEGORIES; category++) {
    sets.forEach((set, k) => {
      const inside = (words[8 * set + (category >> 5)] >>> (category & 31)) & 1;
      table[category * sets.length + k] = 1 - inside;
    });
  }
  const column = graph.node('Gather', [sparse, graph.ints([], [slot])], { axis: { int: 1 } });
  const category = graph.positionsOf(column, known);
  return graph.node('Gather', [graph.floats([CATEGORIES, sets.length], table), category]);
}
