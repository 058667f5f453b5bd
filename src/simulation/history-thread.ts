/** The worker thread behind `history-batches.ts`: makes the history of one world and sends it as JSON, an envelope a message. */
import { parentPort, workerData } from 'node:worker_threads';
import { ShelfwiseError } from '../base/index.ts';
import type { IncomingEvent } from '../domain/index.ts';
import { AHEAD, type HistoryThreadData, TAKEN_AT_ONCE } from './history-batches.ts';
import { createDemoWorld } from './world.ts';

if (parentPort === null) throw new ShelfwiseError('BUG', 'the history is made in a worker thread');
const port = parentPort;
const { options, rows } = workerData as HistoryThreadData;

let room = AHEAD;
let onRoom = (): void => {};
port.on('message', () => {
  room += TAKEN_AT_ONCE;
  onRoom();
});

async function send(events: readonly IncomingEvent[]): Promise<void> {
  // What was received meanwhile is only seen while this thread waits.
  while (room === 0) await new Promise<void>((resolve) => (onRoom = resolve));
  room--;
  port.postMessage(JSON.stringify(events));
}

let envelope: IncomingEvent[] = [];
for (const event of createDemoWorld(options).history()) {
  envelope.push(event);
  if (envelope.length < rows) continue;
  await send(envelope);
  envelope = [];
}
if (envelope.length > 0) await send(envelope);
port.close();
