/** A configuration file with what the command line says over it. */
import { ShelfwiseError } from '../../base/index.ts';
import { createEncoder, homeFeatures } from '../../features/index.ts';
import { type Checked, type Configuration, checkConfiguration } from './check.ts';
import { loadConfiguration } from './load.ts';
import type { ConfigurationProblem } from './status.ts';

export interface ConfigurationSource {
  /** Absolute. */
  readonly file: string;
  /** Sections, or fields of them, that stand whatever the file says: what was given on the command line. */
  readonly overrides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export type Reading = Checked & {
  /** What a change of may change the configuration. */
  readonly files: readonly string[];
};

/** Reads, overrides and checks. A file that cannot be read is a problem like any other. */
export async function readConfiguration({ file, overrides }: ConfigurationSource): Promise<Reading> {
  try {
    const { given, files } = await loadConfiguration(file);
    return { ...checkConfiguration(overridden(given, overrides), createEncoder(homeFeatures)), files };
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code !== 'CONFIG_INVALID') throw error;
    const message = error.message.slice(error.message.indexOf(': ') + 2);
    const problems: ConfigurationProblem[] = [{ path: '', message, remedy: 'Correct the file, or name another.' }];
    return { configuration: undefined, problems, files: [file] };
  }
}

/** The configuration; throws `CONFIG_INVALID` with every problem of it. */
export function requireConfiguration(file: string, { configuration, problems }: Checked): Configuration {
  if (configuration !== undefined) return configuration;
  const [first] = problems;
  const errors = problems.map(({ path, message, remedy }) => ({ pointer: path, message: `${message}. ${remedy}` }));
  throw new ShelfwiseError('CONFIG_INVALID', `${file}: ${first.path} ${first.message}`, { details: { errors } });
}

/**
 * What a platform is opened with by a file (undefined: none) and what stands over it; and where it is to listen. Throws
 * `CONFIG_INVALID` with every problem.
 */
export async function checkedSettings(
  file: string | undefined,
  overrides: ConfigurationSource['overrides'],
): Promise<{ readonly server: Configuration['server']; readonly settings: Configuration['platform'] }> {
  const source = { file: file ?? '', overrides };
  const checked =
    file === undefined
      ? checkConfiguration(overridden({}, overrides), createEncoder(homeFeatures))
      : await readConfiguration(source);
  const { server, platform } = requireConfiguration(file ?? 'the command line', checked);
  return { server, settings: file === undefined ? platform : { ...platform, configuration: source } };
}

/** A section that names another policy is another section: its options are not those of the file's. */
function overridden(given: unknown, overrides: ConfigurationSource['overrides']): unknown {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return given;
  const sections: Record<string, unknown> = { ...given };
  for (const [name, fields] of Object.entries(overrides)) {
    const own = sections[name];
    const merges = name !== 'policy' && own !== null && typeof own === 'object';
    sections[name] = merges ? { ...own, ...fields } : fields;
  }
  return sections;
}
