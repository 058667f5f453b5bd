/** Training of the families of reward models, each beside its baseline. */
import type { BenchSettings } from './settings.ts';
import { benchTrainNetwork } from './train-network.ts';

/** By family; each prints its own figures. */
const PARTS: Readonly<Record<string, () => Promise<Record<string, unknown>>>> = { network: benchTrainNetwork };

export async function benchTrain(_settings: BenchSettings): Promise<Record<string, unknown>> {
  const figures: Record<string, unknown> = {};
  for (const [family, part] of Object.entries(PARTS)) figures[family] = await part();
  return figures;
}
