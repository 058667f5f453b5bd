/** Data validation: the equal of TensorFlow Data Validation, in its own formats. */
export * from './metadata/index.ts';
