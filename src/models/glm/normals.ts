/** Standard normal noise that is a function of its labels alone. */
import { noiseAt, normalQuantile } from '../../base/index.ts';

/** Standard normal, a function of the stream and one label: see `noiseAt`. */
export function normalAt(stream: number, label: number): number {
  return normalQuantile(noiseAt(stream, label));
}
