/** The thread behind `runtime.ts`: one session of ONNX Runtime that answers one question after the other. */
import { workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../../base/index.ts';
import type { RuntimeAnswer, RuntimeQuestion, RuntimeTensor, RuntimeThreadData } from './runtime.ts';

const { bytes, port, signal } = workerData as RuntimeThreadData;

function answer(message: RuntimeAnswer): void {
  port.postMessage(message);
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

type Library = typeof import('onnxruntime-node');

async function open(): Promise<{ library: Library; session: InferenceSession }> {
  // Written so that a compiler does not insist on it: the package is optional.
  const library = (await import('onnxruntime-node')) as Library;
  // One thread, in order: the same machine then gives the same bits, and the platform keeps its cores.
  const session = await library.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  });
  return { library, session };
}

function toTensor(library: Library, { type, dims, data }: RuntimeTensor): Tensor {
  switch (type) {
    case 'float':
      return new library.Tensor('float32', data as Float32Array, dims);
    case 'double':
      return new library.Tensor('float64', data as Float64Array, dims);
    case 'int64':
      return new library.Tensor('int64', BigInt64Array.from(data, BigInt), dims);
    case 'int32':
      return new library.Tensor('int32', Int32Array.from(data), dims);
    case 'bool':
      return new library.Tensor('bool', data as Uint8Array, dims);
    case 'string':
      throw new Error('texts are not fed');
  }
}

function fromTensor({ type, dims, data }: Tensor): RuntimeTensor {
  switch (type) {
    case 'float32':
      return { type: 'float', dims, data: data as Float32Array };
    case 'float64':
      return { type: 'double', dims, data: data as Float64Array };
    case 'int64':
      return { type: 'int64', dims, data: Float64Array.from(data as BigInt64Array, Number) };
    case 'int32':
      return { type: 'int32', dims, data: Float64Array.from(data as Int32Array) };
    case 'bool':
      return { type: 'bool', dims, data: data as Uint8Array };
    default:
      throw new Error(`the output has elements of type ${type}`);
  }
}

/** Whatever fails of it, also what is no tensor, is an answer: the caller waits. */
async function run(
  library: Library,
  session: InferenceSession,
  feeds: RuntimeQuestion['feeds'],
  output: string,
): Promise<RuntimeTensor> {
  const tensors = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toTensor(library, tensor)]));
  return fromTensor((await session.run(tensors, [output]))[output]);
}

try {
  const { library, session } = await open();
  port.on('message', ({ feeds, output }: RuntimeQuestion) => {
    run(library, session, feeds, output).then(
      (tensor) => answer({ kind: 'tensor', tensor }),
      (error) => answer({ kind: 'failed', message: messageOf(error) }),
    );
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'failed', message: messageOf(error) });
}
