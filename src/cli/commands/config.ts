/** `shelfwise config`: the configuration file checked, begun, and what a running platform makes of it. */
import { existsSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { ConfigurationStatus } from '../../server/index.ts';
import { ask, found, type GlobalOptions, print, type Run } from '../command.ts';

export function registerConfig(program: Command, run: Run): void {
  const config = program.command('config').description('The configuration file.');
  config
    .command('check')
    .description('Say all that is wrong with a configuration file, with the remedies. Exit 1 when anything is.')
    .argument('[file]', 'the file (default: --config, or the one in this folder)')
    .addHelpText('after', '\nExamples:\n  shelfwise config check\n  shelfwise config check staging.yaml --json')
    .action(async (named: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { findConfiguration, readConfiguration } = await import('../../platform/index.ts');
      const { cwd } = run.cli;
      const chosen = named ?? options.config;
      const file = chosen === undefined ? findConfiguration(cwd) : resolve(cwd, chosen);
      if (file === undefined) {
        throw new ShelfwiseError(
          'CONFIG_INVALID',
          `there is no configuration file in ${cwd}; see shelfwise config init`,
        );
      }
      const { configuration, problems } = await readConfiguration({ file, overrides: {} });
      if (configuration === undefined) found(run);
      const { hash = '', config: given = null } = configuration ?? {};
      print(run, options, { file, valid: configuration !== undefined, hash, problems, config: given }, () =>
        configuration === undefined
          ? `${relative(cwd, file)}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n${problems
              .map(({ path, message, remedy }) => `  ${path === '' ? '(file)' : path} ${message}\n    ${remedy}\n`)
              .join('')}`
          : `${relative(cwd, file)} is valid: policy ${configuration.tunables.policy}, model ${
              configuration.model?.family ?? 'as promoted'
            }.\n`,
      );
    });

  config
    .command('init')
    .description('Write a configuration file with the defaults, commented, into this folder.')
    .option('--yaml', 'as YAML instead of TypeScript', false)
    .addHelpText('after', '\nExamples:\n  shelfwise config init\n  shelfwise config init --yaml')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly yaml: boolean }>();
      const { findConfiguration, SAMPLE_TS, SAMPLE_YAML } = await import('../../platform/index.ts');
      const { cwd } = run.cli;
      const before = findConfiguration(cwd);
      const file = resolve(cwd, options.yaml ? 'shelfwise.config.yaml' : 'shelfwise.config.ts');
      if (before !== undefined || existsSync(file))
        throw new ShelfwiseError('OPTION_INVALID', `${before ?? file} is there already`);
      writeFileSync(file, options.yaml ? SAMPLE_YAML : SAMPLE_TS);
      print(run, options, { file }, () => `${relative(cwd, file)} is written; shelfwise up follows it.\n`);
    });

  config
    .command('status')
    .description('Which configuration is in force on the platform, what is refused, and the model that it waits for.')
    .addHelpText('after', '\nExamples:\n  shelfwise config status')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<ConfigurationStatus>('GET', '/v1/configuration'),
        statusText,
        ({ problems }) => problems.length > 0,
      );
    });
}

function statusText({ file, state, problems, waiting, model }: ConfigurationStatus): string {
  if (state === 'none') return 'The platform follows no configuration file.\n';
  return [
    state === 'applied' ? `${file} is in force.` : `${file} is refused; what was in force before still is:`,
    ...problems.map(({ path, message, remedy }) => `  ${path} ${message}. ${remedy}`),
    ...(waiting.length === 0 ? [] : [`  with the next start: ${waiting.join(', ')}`]),
    ...(model === null
      ? []
      : [`  model ${model.family}: ${model.state}${model.detail === '' ? '' : `, ${model.detail}`}`]),
    '',
  ].join('\n');
}
