/** The configuration file of one run: found, checked, and what of it a command works with. */
import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { GlobalOptions } from './command.ts';
import type { Cli, PlatformSettings } from './io.ts';

export interface RunConfiguration {
  /** Absolute. */
  readonly file: string;
  /** What a platform in this process is opened with. */
  readonly settings: PlatformSettings;
}

/** Commands that touch no platform, or bring the file themselves. */
const WITHOUT: readonly string[] = ['config', 'data', 'openapi', 'policy', 'bench', 'simulate'];

/**
 * The file named by --config, or the one in the working directory; undefined where there is none. Its `server.dataDir` stands
 * in for --data where neither that nor SHELFWISE_DATA is given. Throws `CONFIG_INVALID` with all that is wrong with it.
 */
export async function configurationFor(cli: Cli, command: Command): Promise<RunConfiguration | undefined> {
  const { config } = command.optsWithGlobals<GlobalOptions>();
  const [root, topmost] = [command, ...ancestorsOf(command)].reverse();
  if (topmost !== undefined && WITHOUT.includes(topmost.name()) && !looksAtPlatform(topmost, command)) return undefined;
  const file = config === undefined ? await foundIn(cli.cwd) : resolve(cli.cwd, config);
  if (file === undefined) return undefined;
  const { checkedSettings } = await import('../platform/index.ts');
  const { server = {}, settings } = await checkedSettings(file, {});
  if (server.dataDir !== undefined && isDefault(cli, root)) {
    root.setOptionValueWithSource('data', resolve(dirname(file), server.dataDir), 'config');
  }
  // Whoever works beside a running platform or for a moment follows nothing.
  const { configuration: _, ...once } = settings;
  return { file, settings: once };
}

/** `data validate` without files looks at the platform's own data. */
function looksAtPlatform(topmost: Command, command: Command): boolean {
  return topmost.name() === 'data' && command.name() === 'validate' && command.opts()['stats'] === undefined;
}

/** A folder without one does not cost the start of the platform's code. */
async function foundIn(dir: string): Promise<string | undefined> {
  if (!readdirSync(dir).some((name) => name.startsWith('shelfwise.config.'))) return undefined;
  const { findConfiguration } = await import('../platform/index.ts');
  return findConfiguration(dir);
}

function isDefault(cli: Cli, root: Command): boolean {
  return root.getOptionValueSource('data') === 'default' && (cli.env['SHELFWISE_DATA'] ?? '') === '';
}

function ancestorsOf(command: Command): Command[] {
  return command.parent === null ? [] : [command.parent, ...ancestorsOf(command.parent)];
}
