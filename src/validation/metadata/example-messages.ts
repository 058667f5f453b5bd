/** tf.train.Example (proto3), a row of a TFRecord file; the conventions are those of messages.ts. */
import type { Int64 } from './schema-messages.ts';

export interface Example {
  features?: Features;
}

export interface Features {
  feature?: Map<string, ExampleFeature>;
}

export interface ExampleFeature {
  /** One of `kind`: at most one of these is set. */
  bytesList?: BytesList;
  floatList?: FloatList;
  int64List?: Int64List;
}

export interface BytesList {
  value?: Uint8Array[];
}

export interface FloatList {
  value?: number[];
}

export interface Int64List {
  value?: Int64[];
}
