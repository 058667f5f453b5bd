/** When a process that serves collects its garbage. */
import { setFlagsFromString } from 'node:v8';

/** The heap of what has survived may grow to four times what was live before all of it is looked through. */
const GROWTH_PERCENT = 300;

/**
 * Old garbage is collected rarely: more memory for fewer pauses. By itself V8 lets 80 MB of live objects grow to some 150, and begins to
 * mark as soon as less room is left than new objects may take, 64 MB: a Home server then marked everything once in 1,200
 * pages, on all cores, and stood still for 15 to 40 ms at the end of each. It holds for the whole process, from now on.
 */
export function collectRarely(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
