/** `shelfwise up`: the platform with its HTTP server, until it is told to stop. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { FastifyInstance } from 'fastify';
import { collectRarely, helpersGiveWay, SECOND_MS } from '../../base/index.ts';
import type { Configuration } from '../../platform/index.ts';
import { logTo } from '../client.ts';
import { dataDirOf, type GlobalOptions, print, type Run, untilStopped } from '../command.ts';
import { type OwnedPlatform, type PlatformSettings, painter } from '../io.ts';
import { wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';
import { createDemoCovers, loadDemo } from './demo.ts';

const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 7878;

/** What stands on the command line stands whatever the file says. */
interface UpOptions extends GlobalOptions {
  readonly host?: string;
  readonly port?: number;
  readonly demo?: boolean;
  readonly corsOrigin?: readonly string[];
  readonly popularityHoldout?: number;
  readonly policy?: string;
}

export function registerUp(program: Command, run: Run): void {
  program
    .command('up')
    .alias('start')
    .description(
      'Start the platform: the API and the web page, until Ctrl-C. It follows its configuration file meanwhile.',
    )
    .option(
      '--host <host>',
      `address to listen at; beyond this machine only with keys that were made (default ${DEFAULT_HOST})`,
    )
    .option('--port <port>', `port to listen at; 0 for any free one (default ${DEFAULT_PORT})`, wholeNumber(0, 65_535))
    .option(
      '--popularity-holdout <share>',
      'share of listeners whose Home is always drawn by popularity (default 0.02)',
      Number,
    )
    .option('--policy <id>', 'the policy of all other Homes, by its defaults, whatever the configuration file says')
    .option(
      '--cors-origin <origin>',
      'origin whose pages may call the API from a browser, such as https://app.example; repeatable',
      (origin: string, before: readonly string[] = []) => [...before, origin],
    )
    .option('--demo', 'on the first run, fill an empty data directory with the demo world')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise up --demo
  shelfwise up --data /var/lib/shelfwise --port 8080
  shelfwise up --config ./shelfwise.config.ts
  shelfwise up --cors-origin https://app.example --cors-origin http://localhost:5173
  shelfwise keys create app --scope ingest serve && shelfwise up --host 0.0.0.0`,
    )
    .action(async (_options: unknown, command: Command) => up(run, command.optsWithGlobals<UpOptions>()));
}

async function up(run: Run, options: UpOptions): Promise<void> {
  const { cli } = run;
  const dataDir = dataDirOf(options);
  const { createServer, listen } = await import('../../server/index.ts');
  const { server = {}, settings } = await configurationUp(run, options);
  collectRarely();
  helpersGiveWay();
  const platform = await withProgress(
    cli,
    `Opening ${dataDir}`,
    () => cli.openPlatform(dataDir, settings),
    (opened) => `${opened.status().items} items, ${opened.status().events} events`,
  );
  let app: FastifyInstance | undefined;
  try {
    const { version, items } = platform.status();
    const covers = createDemoCovers(dataDir, (id) => platform.getItem(id) !== undefined);
    await covers.prepare();
    app = await createServer({
      platform,
      keys: (secret) => platform.verifyKey(secret),
      studioDir: studioDir(),
      covers: covers.coverOf,
      clock: cli.clock,
      logger: logTo(cli),
      corsOrigins: options.corsOrigin ?? server.corsOrigins,
    });
    const madeKeys = platform.listKeys().length;
    const address = await listen(app, {
      host: options.host ?? server.host ?? DEFAULT_HOST,
      port: options.port ?? server.port ?? DEFAULT_PORT,
      madeKeys,
    });
    platform.setAddress(address);
    if (options.demo === true) {
      await untilStopped(cli, loadDemo(run, platform, dataDir, items));
      await covers.prepare();
    }
    const key = platform.adminKey;
    const started = { address, pageUrl: pageUrl(address, key), key, dataDir, pid: process.pid, version };
    print(run, options, started, () => banner(run, started));
    await untilStopped(cli, new Promise<never>(() => undefined));
  } catch (error) {
    if (!cli.stop.aborted) throw error;
  } finally {
    await stop(run, app, platform);
  }
}

/** The file that the platform will follow, with what the command line says over it. */
async function configurationUp(
  { configuration }: Run,
  { popularityHoldout, policy }: UpOptions,
): Promise<{ readonly server?: Configuration['server']; readonly settings: PlatformSettings }> {
  const overrides = {
    ...(popularityHoldout === undefined ? {} : { platform: { popularityHoldout } }),
    ...(policy === undefined ? {} : { policy: { id: policy } }),
  };
  const { checkedSettings } = await import('../../platform/index.ts');
  return checkedSettings(configuration?.file, overrides);
}

async function stop(run: Run, app: FastifyInstance | undefined, platform: OwnedPlatform): Promise<void> {
  const startMs = run.cli.clock.monotonicMs();
  if (run.cli.stop.aborted) run.cli.err('Stopping …\n');
  if (app !== undefined) {
    const { closeServer } = await import('../../server/index.ts');
    await closeServer(app);
  }
  await platform.close();
  if (run.cli.stop.aborted) {
    run.cli.err(
      `Stopped: everything is on disk (${((run.cli.clock.monotonicMs() - startMs) / SECOND_MS).toFixed(1)} s)\n`,
    );
  }
}

/** The page's address with the key in the fragment: browsers send that to no server and no proxy. */
function pageUrl(address: string, key: string): string {
  return `${address}/#key=${encodeURIComponent(key)}`;
}

interface Started {
  readonly address: string;
  readonly pageUrl: string;
  readonly key: string;
  readonly dataDir: string;
  readonly version: string;
}

function banner(run: Run, { address, pageUrl, key, dataDir, version }: Started): string {
  const paint = painter(run.cli);
  return [
    '',
    paint('bold', `Shelfwise ${version} is up`),
    `  page  ${paint('cyan', pageUrl)}`,
    `  api   ${address}/v1   described in ${address}/openapi.json`,
    `  key   ${key}`,
    `  data  ${dataDir}`,
    paint('dim', 'Open the page by that address: it holds the key. Ctrl-C stops the platform.'),
    '',
  ].join('\n');
}

/** The built web page: beside the sources in a clone, inside `dist/` in an installed package. */
function studioDir(): string | undefined {
  for (const folder of ['../../../studio/dist', '../../studio']) {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    if (existsSync(join(path, 'index.html'))) return path;
  }
  return undefined;
}
