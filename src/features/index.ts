export { createBatch, type EncoderShape, type FeatureBatch } from './batch.ts';
export {
  type CardFacts,
  defineFeatures,
  FEATURE_BUCKETS,
  type Feature,
  type FeatureDescription,
  type FeatureSet,
  type PageFacts,
  ROW_FACTS,
  type RowFact,
  type ShelfFacts,
} from './declaration.ts';
export { type BoundEncoder, createEncoder, type Encoder, type EncoderInput } from './encoder.ts';
export { homeFeatures } from './home-features.ts';
