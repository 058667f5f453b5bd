import { describe, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { rewardModelLaws } from '../../testing/index.ts';
import type { TreesOptions } from './options.ts';
import { treesModel } from './trees.ts';

describe.each([
  ['as it is by default', {}],
  ['leaf by leaf, of half the rows and features', { maxDepth: 32, maxLeaves: 12, rowShare: 0.5, featureShare: 0.5 }],
  ['of squared error', { objective: 'squaredError', maxDepth: 3 }],
] as const)('boosted trees, %s', (_, options: Partial<TreesOptions>) => {
  const laws = rewardModelLaws({
    fresh: (encoder) => treesModel.fresh(encoder, options),
    fit: (model, examples, seed, signal, validation) =>
      model.fit(examples, {
        rng: createRng(seed),
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined ? {} : { validation }),
      }),
    fromEpoch: (epoch, encoder) => treesModel.fromEpoch(epoch, encoder),
    // Half the rows are other rows when each stands there twice.
    duplicateTolerance: options.rowShare === undefined ? 1e-6 : 4,
    claims: { validation: true, missingValues: true },
    // Steps come near to a truth that is a sum of straight lines only with many rows; XGBoost stays 0.042 below it here.
    areaTolerance: 0.045,
  });
  for (const law of laws) test(law.name, law.run);
});
