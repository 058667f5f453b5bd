/** What the module `network` exports. Addresses are bytes; see `assembly/network*.ts` for what each does. */
import type { ModuleExports } from './module.ts';

export interface NetworkExports extends ModuleExports {
  denseForward(
    x: number,
    blocks: number,
    inputs: number,
    outputs: number,
    panels: number,
    bias: number,
    y: number,
    mode: number,
    activations: number,
    scale: number,
  ): void;
  denseGradients(
    x: number,
    blocks: number,
    inputs: number,
    dy: number,
    outputs: number,
    gradients: number,
    biasGradients: number,
  ): void;
  transposePanels(panels: number, inputs: number, outputs: number, first: number, target: number): void;
  placeColumns(
    raw: number,
    blocks: number,
    width: number,
    means: number,
    inverses: number,
    limit: number,
    x: number,
    features: number,
  ): void;
  placeMissing(
    raw: number,
    blocks: number,
    width: number,
    columns: number,
    count: number,
    x: number,
    features: number,
    first: number,
  ): void;
  lookUp(
    buckets: number,
    rows: number,
    blocks: number,
    slots: number,
    rowOf: number,
    bucketCount: number,
    ids: number,
  ): void;
  placeEmbeddings(
    ids: number,
    blocks: number,
    slots: number,
    table: number,
    size: number,
    x: number,
    features: number,
    first: number,
  ): void;
  outputs(
    h: number,
    blocks: number,
    width: number,
    weights: number,
    bias: number,
    ids: number,
    slots: number,
    wide: number,
    out: number,
  ): void;
  squaredNorms(y: number, blocks: number, width: number, out: number): void;
  scaleRows(x: number, blocks: number, width: number, factors: number, y: number): void;
  outputGradients(
    h: number,
    blocks: number,
    width: number,
    weights: number,
    errors: number,
    scale: number,
    dh: number,
    gradients: number,
  ): void;
  dropOut(h: number, count: number, seed: number, threshold: number, scale: number): void;
  gatherGradients(
    ids: number,
    rows: number,
    slots: number,
    dx: number,
    size: number,
    errors: number,
    marks: number,
    list: number,
    listed: number,
    embeddings: number,
    wides: number,
  ): number;
  adamStep(
    w: number,
    g: number,
    m: number,
    v: number,
    count: number,
    step: number,
    root: number,
    epsilon: number,
    decay: number,
  ): void;
  adamRows(
    list: number,
    listed: number,
    marks: number,
    size: number,
    table: number,
    tableM: number,
    tableV: number,
    embeddings: number,
    wide: number,
    wideM: number,
    wideV: number,
    wides: number,
    step: number,
    root: number,
    epsilon: number,
    decay: number,
  ): void;
}
