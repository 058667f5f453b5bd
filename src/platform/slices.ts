/** Work for the online store in portions: a put costs ten microseconds of the serving thread, and thousands wait at a flush. */
import type { OnlineStore, StoreWriter } from '../store/index.ts';

/** Puts its part; what it returns is to be called once the transaction is durable. */
export type Slice = (write: StoreWriter) => () => void;

/** Entries a transaction: about two milliseconds. */
const SLICE_ENTRIES = 200;

export function inSlices<T>(entries: readonly T[]): readonly (readonly T[])[] {
  const slices: (readonly T[])[] = [];
  for (let at = 0; at < entries.length; at += SLICE_ENTRIES) slices.push(entries.slice(at, at + SLICE_ENTRIES));
  return slices;
}

/** A transaction a slice, one after another. */
export async function storeSlices(online: OnlineStore, slices: readonly Slice[]): Promise<void> {
  for (const slice of slices) {
    let settle = (): void => {};
    await online.transaction((write) => {
      settle = slice(write);
    });
    settle();
  }
}
