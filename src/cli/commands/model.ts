/** `shelfwise model`: the registry of models. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import type { ModelDetail, ModelList, ModelSummary, Promotion } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { modelText } from '../model-text.ts';

export function registerModels(program: Command, run: Run): void {
  const model = program.command('model').description('Reward models: which there are, which serves.');
  model
    .command('list')
    .description('Registered models, newest first, and the one that serves.')
    .addHelpText('after', '\nExamples:\n  shelfwise model list\n  shelfwise model list --json')
    .action(async (_options: unknown, command: Command) => {
      await ask(run, command.optsWithGlobals<GlobalOptions>(), listModels, ({ models }) =>
        models.length === 0 ? 'There is no model yet; run a fit.\n' : models.map(lineOf).join(''),
      );
    });

  model
    .command('show')
    .description('What a model was made of, how good it is by slice, and what it goes by.')
    .argument('<hash>', 'of the model, or the beginning of it')
    .addHelpText('after', '\nExamples:\n  shelfwise model show 8c2b6f')
    .action(async (hash: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => client.request<ModelDetail>('GET', `/v1/models/${await wholeHash(client, hash)}`),
        modelText,
      );
    });

  model
    .command('promote')
    .description('Serve a registered model, from the next Home on.')
    .argument('<hash>', 'of the model, or the beginning of it')
    .addHelpText('after', '\nExamples:\n  shelfwise model promote 8c2b6f')
    .action(async (hash: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => client.request<Promotion>('POST', `/v1/models/${await wholeHash(client, hash)}/promote`),
        promotionText,
      );
    });

  model
    .command('rollback')
    .description('Serve again what served before the last promotion.')
    .addHelpText('after', '\nExamples:\n  shelfwise model rollback')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<Promotion>('POST', '/v1/models/rollback'),
        promotionText,
      );
    });

  model
    .command('export')
    .description('Write a model to a file.')
    .argument('<hash>', 'of the model, or the beginning of it')
    .requiredOption('--onnx <file>', 'the ONNX file to write')
    .addHelpText('after', '\nExamples:\n  shelfwise model export 8c2b6f --onnx model.onnx')
    .action(async (hash: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly onnx: string }>();
      const file = resolve(run.cli.cwd, options.onnx);
      const bytes = await withClient(run, options, async (client) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of await client.download(`/v1/models/${await wholeHash(client, hash)}/onnx`))
          chunks.push(chunk);
        return Buffer.concat(chunks);
      });
      await writeFile(file, bytes);
      print(run, options, { file, bytes: bytes.length }, () => `${file}: ${bytes.length} bytes.\n`);
    });

  model
    .command('import')
    .description('Register a model that was trained elsewhere.')
    .argument('<file>', 'an ONNX file')
    .option('--binding <file>', 'JSON: which columns and slots its inputs read; a file of ours needs none')
    .addHelpText('after', '\nExamples:\n  shelfwise model import model.onnx --binding binding.json')
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly binding?: string }>();
      const { cwd } = run.cli;
      const binding = options.binding === undefined ? {} : { binding: readJson(resolve(cwd, options.binding)) };
      const body = { onnx: read(resolve(cwd, file)).toString('base64'), ...binding };
      await ask(
        run,
        options,
        (client) => client.request<ModelDetail>('POST', '/v1/models/import', body),
        ({ hash }) => `Registered ${hash}; serve it with shelfwise model promote ${hash.slice(0, 8)}.\n`,
      );
    });
}

const listModels = (client: ApiClient): Promise<ModelList> => client.request<ModelList>('GET', '/v1/models');

/** The hash that begins so; throws where none does, or several do. */
async function wholeHash(client: ApiClient, beginning: string): Promise<string> {
  const { models } = await listModels(client);
  const meant = models.filter(({ hash }) => hash.startsWith(beginning.toLowerCase()));
  if (meant.length === 1) return meant[0].hash;
  if (meant.length === 0) throw new ShelfwiseError('MODEL_NOT_FOUND', beginning);
  throw new ShelfwiseError('OPTION_INVALID', `${meant.length} models begin with ${beginning}; give more of the hash`);
}

function lineOf({
  hash,
  family,
  createdAtMs,
  origin,
  serves,
  learnsOnline,
  parent,
  usable,
  quality,
}: ModelSummary): string {
  const figures =
    quality === null
      ? ''
      : `log loss ${shown(quality.model.logLoss)}  AUC ${shown(quality.model.auc)}  ECE ${shown(quality.model.ece)}`;
  const notes = [
    serves ? 'serves' : '',
    serves && learnsOnline ? 'learns online' : '',
    parent === '' ? '' : `from ${parent.slice(0, 8)}`,
    usable ? '' : 'of other features',
  ].filter((note) => note !== '');
  const made = new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
  return (
    `${hash.slice(0, 12)}  ${family.padEnd(11)} ${origin.padEnd(8)} ${made}  ${figures}  ${notes.join(', ')}`.trimEnd() +
    '\n'
  );
}

const shown = (figure: number | null): string => (figure === null ? '–' : figure.toFixed(4));

function promotionText({ hash, family, before, learnsOnline }: Promotion): string {
  const on = learnsOnline ? 'It goes on learning from rewards.' : 'It serves unchanged until the next training.';
  return `${family} ${hash.slice(0, 12)} serves${before === '' ? '' : ` in place of ${before.slice(0, 12)}`}. ${on}\n`;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', messageOf(error), { cause: error });
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(read(file).toString('utf8'));
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${file}: ${messageOf(error)}`, { cause: error });
  }
}
