/** The worker thread behind `load.ts`: imports one configuration file and tells its default export. */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, ShelfwiseError } from '../../base/index.ts';

export type LoadedModule =
  | { readonly type: 'loaded'; readonly given: unknown; readonly imported: readonly string[] }
  | { readonly type: 'failed'; readonly message: string };

if (parentPort === null) throw new ShelfwiseError('BUG', 'a configuration file is imported in a worker thread');
const port = parentPort;
const file = workerData as string;

const FRONT_DOOR = 'shelfwise/config';
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const own = new URL('../../', import.meta.url).href;
const imported = new Set<string>();

registerHooks({
  // Works also where the file lies in a folder that Shelfwise is not installed in.
  resolve: (specifier, context, next) =>
    specifier === FRONT_DOOR
      ? { url: new URL(`./define.${extension}`, import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
  load(url, context, next) {
    if (url.startsWith('file:') && !url.startsWith(own) && !url.includes('/node_modules/'))
      imported.add(fileURLToPath(url));
    return next(url, context);
  },
});

const tell = (message: LoadedModule): void => port.postMessage(message);
try {
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  imported.delete(file);
  if (module.default === undefined) tell({ type: 'failed', message: 'it has no default export' });
  // As JSON: what a configuration says is data, and is told as what was recorded of it.
  else tell({ type: 'loaded', given: JSON.parse(JSON.stringify(module.default)) as unknown, imported: [...imported] });
} catch (error) {
  tell({ type: 'failed', message: messageOf(error) });
}
