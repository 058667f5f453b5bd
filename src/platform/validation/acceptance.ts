/** Anomalies into the schema: what somebody says is right becomes what the schema says. Pure. */
import { ShelfwiseError } from '../../base/index.ts';
import { type Feature, type Schema, withFeatures } from '../../validation/index.ts';
import { type JudgeOptions, type Measured, proposalsOf } from './judge.ts';
import type { DataAnomaly } from './service.ts';

/**
 * The features as they become where the anomalies at these paths are taken in, one after the other: a feature that several of them are
 * about takes in all. Throws OPTION_INVALID for a path without an anomaly, and for one that no schema can take in.
 */
export function acceptedFeatures(
  set: Measured,
  anomalies: readonly DataAnomaly[],
  paths: readonly string[],
  options: JudgeOptions,
): readonly Feature[] {
  let { schema }: { readonly schema: Schema } = options;
  const accepted = new Map<string, Feature>();
  for (const path of paths) {
    const anomaly = anomalies.find((one) => one.path === path);
    if (anomaly === undefined) throw new ShelfwiseError('OPTION_INVALID', `${set.name} has no anomaly at "${path}"`);
    const { feature, slice, short } = anomaly;
    const after = [...proposalsOf(set, slice, { ...options, schema }).values()].find(
      ({ path: steps }) => steps.join('.') === feature,
    )?.after;
    // What one before has made right already asks for nothing more.
    if (after === undefined && accepted.has(feature)) continue;
    if (feature === '' || after === undefined)
      throw new ShelfwiseError('OPTION_INVALID', `no schema can take in "${path}": ${short}`);
    accepted.set(feature, after);
    schema = withFeatures(schema, [after]);
  }
  return [...accepted.values()];
}
