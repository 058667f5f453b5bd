/** Training of the families of reward models, each beside its baseline. */
import type { BenchSettings } from './settings.ts';
import { benchTrainLogistic } from './train-logistic.ts';
import { benchTrainNetwork } from './train-network.ts';
import { benchTrainTrees } from './train-trees.ts';

/** By family; each prints its own figures. */
const PARTS: Readonly<Record<string, (settings: BenchSettings) => Promise<Record<string, unknown>>>> = {
  logistic: ({ python }) => benchTrainLogistic({ python }),
  network: () => benchTrainNetwork(),
  trees: ({ python }) => benchTrainTrees(python),
};

export async function benchTrain(settings: BenchSettings): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
  for (const [family, part] of Object.entries(PARTS)) {
    if (settings.families.length === 0 || settings.families.includes(family)) figures[family] = await part(settings);
  }
  return figures;
}
