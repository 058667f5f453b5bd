export * from './bytes.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './hash.ts';
export * from './options.ts';
export * from './quantiles.ts';
export * from './rng.ts';
export * from './statistics.ts';
