/** A message from a file in any of its forms: text (`.pbtxt`), binary (`.pb`), or the one record of a TFRecord file. */
import { ShelfwiseError } from '../../base/index.ts';
import { decodeBinary } from './binary.ts';
import { UNKNOWN_FIELDS } from './descriptors.ts';
import type { MessageName, MessageTypes } from './messages.ts';
import { parseText } from './parse-text.ts';
import { decodeText, isUtf8 } from './strings.ts';
import { decodeRecords, isRecordFile } from './tfrecord.ts';

/** Control characters that no text form holds: strings in it are escaped. */
const isControl = (byte: number): boolean => byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte === 0x7f;

/**
 * Reads a file. Its form is told by its content: a TFRecord by the checksum at its head, text by having no control
 * characters and reading as text; an empty file is an empty message.
 * @throws METADATA_INVALID, also for a TFRecord file of more than one record
 */
export function readMessage<N extends MessageName>(name: N, bytes: Uint8Array): MessageTypes[N] {
  if (isRecordFile(bytes)) {
    const records = decodeRecords(bytes);
    if (records.length !== 1) throw new ShelfwiseError('METADATA_INVALID', `${records.length} records instead of one`);
    return decodeBinary(name, records[0]);
  }
  if (bytes.some(isControl)) return decodeBinary(name, bytes);
  const text = decodeText(bytes);
  if (!isUtf8(text)) return decodeBinary(name, bytes);
  try {
    return parseText(name, text);
  } catch (error) {
    const message = decodePrintable(name, bytes);
    if (message) return message;
    throw error;
  }
}

/** A small binary message may happen to have no control characters. */
function decodePrintable<N extends MessageName>(name: N, bytes: Uint8Array): MessageTypes[N] | undefined {
  try {
    const message = decodeBinary(name, bytes);
    return UNKNOWN_FIELDS in message ? undefined : message;
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'METADATA_INVALID') return undefined;
    throw error;
  }
}
