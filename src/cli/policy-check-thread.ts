/** The worker thread behind `policy-checks.ts`: checks the policies that it is told to, one after the other. */
import { parentPort } from 'node:worker_threads';
import { ShelfwiseError } from '../base/index.ts';
import { checkPolicy, composed, policyOf } from '../policy/index.ts';
import type { CheckReply, CheckTask } from './policy-checks.ts';

if (parentPort === null) throw new ShelfwiseError('BUG', 'policies are checked in worker threads');
const port = parentPort;
port.on('message', ({ index, id, options, composition, draws, seed }: CheckTask) => {
  const startMs = performance.now();
  const check = checkPolicy({ policy: composed(policyOf(id, options), composition), draws, seed });
  port.postMessage({ index, check, seconds: (performance.now() - startMs) / 1000 } satisfies CheckReply);
});
