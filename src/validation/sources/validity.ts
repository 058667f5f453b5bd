/** Bitmaps of validity, as Arrow and DuckDB have them. */
import { type ListLevel, oneEach } from './columns.ts';

/** Whether the bit of an element is set: the least significant first. */
export function isSet(bitmap: Uint8Array, element: number): boolean {
  return ((bitmap[element >> 3] >> (element & 7)) & 1) === 1;
}

/**
 * Lists of one value each, or of none where the bit is not set; and the elements that have one, undefined for all.
 * @param bitmap null if all are set
 */
export function singles(
  elements: number,
  bitmap: Uint8Array | null,
): { levels: [ListLevel]; present: Int32Array | undefined } {
  let gaps = false;
  for (let i = 0; bitmap && !gaps && i < elements; i++) gaps = !isSet(bitmap, i);
  if (!bitmap || !gaps) return { levels: [oneEach(elements)], present: undefined };
  const offsets = new Int32Array(elements + 1);
  const valid = new Uint8Array(elements);
  const present = new Int32Array(elements);
  let count = 0;
  for (let i = 0; i < elements; i++) {
    if (isSet(bitmap, i)) {
      valid[i] = 1;
      present[count++] = i;
    }
    offsets[i + 1] = count;
  }
  return { levels: [{ offsets, valid }], present: present.subarray(0, count) };
}
