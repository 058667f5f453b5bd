/** When a process that serves collects its garbage. */
import { setFlagsFromString } from 'node:v8';

/** What has survived, in the heap and in array buffers, may grow to three times what was live before all of it is looked through. */
const GROWTH_PERCENT = 200;

/**
 * Old garbage is collected rarely: more memory for fewer pauses. It holds for the whole process, from now on.
 *
 * By itself V8 begins to mark the whole heap whenever array buffers have grown by 64 MB since it last did, however many there are; a
 * Home server, most of whose memory is in them, marked 200 MB of objects once in 2,000 first visits or 6,000 pages, and for a third of
 * a second served at half its speed. Counted within the limit of the heap they may grow as objects may. V8 also marks and compacts
 * once in 100 seconds to give memory back to others, in one pause of 130 ms: that is left to the limit.
 */
export function collectRarely(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString('--no-memory-reducer');
}
