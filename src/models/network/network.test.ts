import { describe, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { rewardModelLaws } from '../../testing/index.ts';
import { networkModel } from './network.ts';
import type { NetworkFitOptions } from './options.ts';

describe('a network', () => {
  const laws = rewardModelLaws({
    fresh: (encoder) => networkModel.fresh(encoder),
    async fit(model, examples, seed, signal) {
      const options: NetworkFitOptions = { rng: createRng(seed), ...(signal === undefined ? {} : { signal }) };
      await model.fit(examples, options);
    },
    fromEpoch: (epoch, encoder) => networkModel.fromEpoch(epoch, encoder),
    duplicateTolerance: 0.8,
  });
  for (const law of laws) test(law.name, law.run);
});
