export {
  bindingOfExport,
  type Columns,
  type DenseInput,
  type InputBinding,
  type OnnxBinding,
  type OutputBinding,
  parseBinding,
  type ScoreKind,
  type SlotInput,
} from './binding.ts';
export { METADATA } from './export-model.ts';
export { onnxModels, openOnnxModel } from './foreign-model.ts';
export { metadataOf, withMetadata } from './graph-builder.ts';
