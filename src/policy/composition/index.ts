/** What is wanted of a page whatever policy draws it: diversity, calibration, shares, floors, a cap; and the report of exposure. */
export { miscalibration } from './calibration.ts';
export { composed, readsTraits } from './compose.ts';
export { Exposure, type ExposureReport } from './exposure.ts';
export { COMPOSITION_SCOPES, type CompositionOptions, NO_COMPOSITION, resolveComposition } from './options.ts';
export { type ItemTraits, similarity } from './traits.ts';
