/** The operators that Shelfwise computes itself, by domain and name. */
import { CLASSIC } from './classic.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { LAYOUT } from './layout.ts';
import { MATRIX } from './matrix.ts';
import type { Operator } from './node-view.ts';
import { TREES } from './trees.ts';

const STANDARD: Readonly<Record<string, Operator>> = { ...ELEMENTWISE, ...MATRIX, ...LAYOUT };
const MACHINE_LEARNING: Readonly<Record<string, Operator>> = { ...CLASSIC, ...TREES };

/** Versions of the operator sets whose semantics these operators have. */
export const OPSETS = { standard: [7, 24], machineLearning: [1, 5] } as const;

export function operatorOf(domain: string, name: string): Operator | undefined {
  const set = domain === '' || domain === 'ai.onnx' ? STANDARD : domain === 'ai.onnx.ml' ? MACHINE_LEARNING : {};
  return Object.hasOwn(set, name) ? set[name] : undefined;
}

/** Names of all of them, for documentation. */
export function operatorNames(): readonly string[] {
  return [...Object.keys(STANDARD), ...Object.keys(MACHINE_LEARNING)].sort();
}

export { NodeView, type Step } from './node-view.ts';
export { type Numbers, Value } from './value.ts';
