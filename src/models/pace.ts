import { setImmediate } from 'node:timers/promises';

/** Lets other work of this thread go on. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
