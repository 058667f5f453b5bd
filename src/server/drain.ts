/**
 * An answer to a request whose body is not wanted. Who closes a connection with bytes unread makes the kernel reset it, and a
 * client that is still sending then sees the reset in place of the answer. So the answer goes out at once, and what arrives is
 * read and thrown away until the client has finished, or has had its chance.
 */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { SECOND_MS } from '../base/index.ts';

/** Four times the largest body that is taken. */
const DRAINED_BYTES = 64 * 1024 * 1024;
const DRAINED_MS = 10 * SECOND_MS;

/** Holds `text` at once, and ends when the request has: by itself, by its client going, or by a bound. */
export function answerWhileDraining(request: IncomingMessage, text: string): Readable {
  const answer = new PassThrough();
  answer.write(text);
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > DRAINED_BYTES) finish();
  };
  const finish = (): void => {
    clearTimeout(timer);
    request.off('data', onData);
    answer.end();
  };
  const timer = setTimeout(finish, DRAINED_MS);
  for (const event of ['end', 'close', 'error']) request.once(event, finish);
  request.on('data', onData);
  request.resume();
  return answer;
}
