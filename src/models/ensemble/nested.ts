/** Models within models: how the epoch of one holds those of others. */
import { ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochArray, type EpochContent, type Json, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { OnlineLearner, RewardModel } from '../contract.ts';

/** `loadModel`, handed to what wraps models: it loads the wrapped ones, of whatever family they are. */
export type LoadModel = (epoch: Epoch, encoder: EncoderShape) => RewardModel;
/** `restoreLearner`, likewise. */
export type RestoreLearner = (state: EpochContent, encoder: EncoderShape) => OnlineLearner;

/** The arrays of an inner content, under names that begin with `prefix/`. */
export function nestedArrays(prefix: string, content: EpochContent): Readonly<Record<string, EpochArray>> {
  return Object.fromEntries(Object.entries(content.arrays).map(([name, array]) => [`${prefix}/${name}`, array]));
}

/** The content that `nestedArrays` put under a prefix. Throws `EPOCH_CORRUPT` where the meta of it is none. */
export function nestedContent(outer: EpochContent, prefix: string, meta: Json | undefined): EpochContent {
  if (meta === null || typeof meta !== 'object' || Array.isArray(meta)) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the model holds nothing under "${prefix}"`);
  }
  const start = `${prefix}/`;
  const arrays = Object.fromEntries(
    Object.entries(outer.arrays).flatMap(([name, array]) =>
      name.startsWith(start) ? [[name.slice(start.length), array]] : [],
    ),
  );
  return { kind: 'model', meta: meta as Epoch['meta'], arrays };
}

export function nestedEpoch(outer: EpochContent, prefix: string, meta: Json | undefined): Epoch {
  return sealEpoch(nestedContent(outer, prefix, meta));
}
