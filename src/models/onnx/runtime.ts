/**
 * ONNX Runtime (`onnxruntime-node`, an optional package) behind a synchronous door.
 *
 * Its sessions answer asynchronously only; scoring a page is one synchronous act. So the session lives in a worker thread, and
 * the caller waits on shared memory for a bounded time. The thread ends with the engine that owns it, or with the process.
 *
 * A thread is never terminated: within a run of the library that aborts the whole process (`Napi::Error`, uncaught). Closing
 * its port lets it finish what it is at and end by itself.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { ShelfwiseError, threadScript } from '../../base/index.ts';
import type { OnnxEngine } from './engine.ts';
import type { ElementType } from './format.ts';
import { type Numbers, Value } from './operators/index.ts';

/** Loading the library and optimising a graph takes a fraction of a second; a busy machine is given time. */
const START_TIMEOUT_MS = 60_000;
/** @default for one run */
const RUN_TIMEOUT_MS = 5_000;

export interface RuntimeTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Numbers;
}

export interface RuntimeThreadData {
  readonly bytes: Uint8Array;
  readonly port: MessagePort;
  /** One word: 0 while the caller waits, 1 when the answer lies on the port. */
  readonly signal: Int32Array;
}

export interface RuntimeQuestion {
  readonly feeds: Readonly<Record<string, RuntimeTensor>>;
  readonly output: string;
}

export type RuntimeAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'tensor'; readonly tensor: RuntimeTensor }
  | { readonly kind: 'failed'; readonly message: string };

/** Ends the threads of engines that nobody holds any more. */
const FORGOTTEN = new FinalizationRegistry<MessagePort>((port) => port.close());

/** Signals of the threads that were given up within a run, and may still be in it. */
const GIVEN_UP = new Set<Int32Array>();

/** The end of the process terminates every thread, so it waits for those. */
function awaitGivenUp(): void {
  for (const signal of GIVEN_UP) Atomics.wait(signal, 0, 0, START_TIMEOUT_MS);
}

interface Session {
  readonly port: MessagePort;
  readonly signal: Int32Array;
}

/** Throws `ONNX_RUNTIME` where the package is not installed, or the model is not one that it loads. */
export function createRuntime(bytes: Uint8Array, timeoutMs = RUN_TIMEOUT_MS): OnnxEngine & { close(): void } {
  return new RuntimeEngine(bytes, timeoutMs);
}

class RuntimeEngine implements OnnxEngine {
  private readonly bytes: Uint8Array;
  private readonly timeoutMs: number;
  private session: Session | undefined;

  constructor(bytes: Uint8Array, timeoutMs: number) {
    this.bytes = bytes;
    this.timeoutMs = timeoutMs;
    this.session = this.start();
  }

  run(feeds: ReadonlyMap<string, Value>, output: string): Value {
    // A thread that did not answer in time was ended; the next run begins with a new one.
    this.session ??= this.start();
    const tensors: Record<string, RuntimeTensor> = {};
    for (const [name, { type, dims, size, numbers }] of feeds) {
      tensors[name] = { type, dims: [...dims], data: numbers.subarray(0, size) };
    }
    Atomics.store(this.session.signal, 0, 0);
    this.session.port.postMessage({ feeds: tensors, output } satisfies RuntimeQuestion);
    const answer = this.answer(this.session, this.timeoutMs);
    if (answer.kind !== 'tensor') throw new ShelfwiseError('BUG', 'the runtime answered a run with no tensor');
    return Value.of(answer.tensor);
  }

  /** Ends the thread. Only needed by who cannot wait until it is forgotten. */
  close(): void {
    if (this.session === undefined) return;
    FORGOTTEN.unregister(this);
    this.session.port.close();
    this.session = undefined;
  }

  /** Closes, and sees to it that the process does not end while the thread is within a run. */
  private giveUp({ signal }: Session): void {
    if (GIVEN_UP.size === 0) process.once('exit', awaitGivenUp);
    GIVEN_UP.add(signal);
    this.close();
  }

  private start(): Session {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(threadScript('runtime-thread', import.meta.url), {
      workerData: { bytes: this.bytes, port: port2, signal } satisfies RuntimeThreadData,
      transferList: [port2],
      name: 'onnx',
    });
    worker.unref();
    port1.unref();
    worker.once('exit', () => {
      if (GIVEN_UP.delete(signal) && GIVEN_UP.size === 0) process.off('exit', awaitGivenUp);
    });
    FORGOTTEN.register(this, port1, this);
    const session = { port: port1, signal };
    this.session = session;
    this.answer(session, START_TIMEOUT_MS);
    return session;
  }

  private answer(session: Session, timeoutMs: number): RuntimeAnswer {
    const { port, signal } = session;
    if (Atomics.wait(signal, 0, 0, timeoutMs) === 'timed-out') {
      this.giveUp(session);
      throw new ShelfwiseError('ONNX_RUNTIME', `no answer within ${timeoutMs} ms`);
    }
    const received = receiveMessageOnPort(port) as { message: RuntimeAnswer } | undefined;
    const answer = received?.message;
    if (answer === undefined) {
      this.close();
      throw new ShelfwiseError('ONNX_RUNTIME', 'its thread signalled an answer and gave none');
    }
    if (answer.kind === 'failed') {
      this.close();
      throw new ShelfwiseError('ONNX_RUNTIME', answer.message);
    }
    return answer;
  }
}
