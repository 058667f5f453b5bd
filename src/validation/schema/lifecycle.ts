/** Which stages of life a feature is checked in. */
import type { LifecycleStage } from '../metadata/index.ts';

const OUT_OF_USE: ReadonlySet<LifecycleStage> = new Set([
  'PLANNED',
  'ALPHA',
  'DEPRECATED',
  'DEBUG_ONLY',
  'DISABLED',
] as const);

export interface Lived {
  deprecated?: boolean;
  lifecycleStage?: LifecycleStage;
}

/** Out of use, whatever the stage is called: neither required nor checked. */
export function isDeprecated(feature: Lived): boolean {
  return feature.deprecated === true || OUT_OF_USE.has(feature.lifecycleStage ?? 'UNKNOWN_STAGE');
}

export function deprecate(feature: Lived): void {
  feature.lifecycleStage = 'DEPRECATED';
}
