/** TensorFlow.js with its gradients: what our networks are timed against, and their gradients checked against. */
import { registerHooks } from 'node:module';

export type TensorFlow = typeof import('@tensorflow/tfjs-core');

/**
 * The package that holds the core alone registers its gradients in modules that a bundler is expected to resolve: their
 * imports have no extension. Node is told, for that package only; the package that needs no telling weighs five times as much.
 */
export async function loadTensorFlow(backend: 'cpu' | 'wasm'): Promise<TensorFlow> {
  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const bare = specifier.startsWith('.') && !/\.[cm]?js$/.test(specifier);
      const ours = bare && context.parentURL?.includes('/@tensorflow/tfjs-core/dist/') === true;
      try {
        return nextResolve(specifier, context);
      } catch (failure) {
        if (!ours) throw failure;
        return nextResolve(`${specifier}.js`, context);
      }
    },
  });
  try {
    const tf = await import('@tensorflow/tfjs-core');
    const gradients = '@tensorflow/tfjs-core/dist/register_all_gradients.js';
    await import(gradients);
    if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
    else await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend(backend);
    return tf;
  } finally {
    hooks.deregister();
  }
}
