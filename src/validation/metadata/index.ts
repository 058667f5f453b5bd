/** Messages of `tensorflow.metadata.v0` with their binary and text forms, and the files they come in. */
export { decodeBinary, encodeBinary } from './binary.ts';
export { cloneMessage } from './clone.ts';
export { UNKNOWN_FIELDS, urlOf } from './descriptors.ts';
export { readMessage } from './files.ts';
export type * from './messages.ts';
export { formatDouble, formatG } from './numbers.ts';
export { parseText } from './parse-text.ts';
export { compareBytes, decodeText, encodeText, escapeC, isUtf8 } from './strings.ts';
export { formatText, type TextOptions } from './text.ts';
export { crc32c, decodeRecords, encodeRecords } from './tfrecord.ts';
