export { bindingOfExport, type OnnxBinding, parseBinding } from './binding.ts';
export { METADATA } from './export-model.ts';
export { onnxModels, openOnnxModel } from './foreign-model.ts';
export { metadataOf, withMetadata } from './graph-builder.ts';
