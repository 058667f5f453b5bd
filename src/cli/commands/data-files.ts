/** Files of statistics, schemas and anomalies that `shelfwise data` reads and writes. */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import type { MessageName, MessageTypes } from '../../validation/index.ts';
import type { Cli } from '../io.ts';

/** The bytes of a file. @throws OPTION_INVALID with the option or argument that named it */
export function bytesOf(cli: Cli, file: string, called: string): Uint8Array {
  try {
    return readFileSync(resolve(cli.cwd, file));
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${called}: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws OPTION_INVALID with the option or argument that named it */
export function checkReadable(cli: Cli, file: string, called: string): void {
  try {
    accessSync(resolve(cli.cwd, file), constants.R_OK);
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${called}: ${messageOf(error)}`, { cause: error });
  }
}

/** A message from a file of any form. @throws OPTION_INVALID, METADATA_INVALID with the file's name */
export async function readFileAs<N extends MessageName>(
  cli: Cli,
  file: string,
  called: string,
  name: N,
): Promise<MessageTypes[N]> {
  const { readMessage } = await import('../../validation/index.ts');
  return naming(file, () => readMessage(name, bytesOf(cli, file, called)));
}

/** Statistics with at least one dataset: what is read as an empty list is nearly always another file. */
export async function readStatistics(
  cli: Cli,
  file: string,
  called: string,
): Promise<MessageTypes['DatasetFeatureStatisticsList']> {
  const list = await readFileAs(cli, file, called, 'DatasetFeatureStatisticsList');
  if ((list.datasets ?? []).length === 0)
    throw new ShelfwiseError('METADATA_INVALID', `${file} holds no dataset; ${called} wants statistics`);
  return list;
}

/** Does `work`; an error of the catalogue about its message then begins with the file's name. */
export function naming<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code !== 'METADATA_INVALID') throw error;
    const said = error.message.replace(/^[^:]*(: )?/, '');
    throw new ShelfwiseError('METADATA_INVALID', said === '' ? file : `${file}: ${said}`, { cause: error });
  }
}

/**
 * Writes a message in the form that the name says: `.pb` binary, `.tfrecord` one record, anything else text.
 * @throws OPTION_INVALID where it cannot be written
 */
export async function writeFileAs<N extends MessageName>(
  cli: Cli,
  file: string,
  name: N,
  message: MessageTypes[N],
): Promise<void> {
  const { encodeBinary, encodeRecords, formatText } = await import('../../validation/index.ts');
  const content = file.endsWith('.pb')
    ? encodeBinary(name, message)
    : file.endsWith('.tfrecord')
      ? encodeRecords([encodeBinary(name, message)])
      : formatText(name, message);
  writeFile(cli, file, content);
}

/** @throws OPTION_INVALID where it cannot be written */
export function writeFile(cli: Cli, file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(resolve(cli.cwd, file), content);
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', messageOf(error), { cause: error });
  }
}
