/** The Open Bandit Dataset (Saito, Aihara, Matsutani, Narita 2021): a fashion shop's uniform and Thompson-sampling logs. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ShelfwiseError } from '../../base/index.ts';
import { type DecisionSource, type EvaluationRows, plainStudy, requirePropensity } from '../../counterfactual/index.ts';
import { ChunkBuilder, emptyRow } from './chunk-builder.ts';
import type { OpeLog } from './log.ts';
import { NumberTable, numberOf } from './table.ts';

/** Items of each campaign. */
const CAMPAIGN_ITEMS: Readonly<Record<string, number>> = { all: 80, men: 34, women: 46 };

export interface OpenBanditOptions {
  /** The policy that is judged: `uniform` over the items, `logged` (the log's own value), or [position][item] probabilities. @default 'uniform' */
  readonly target?: 'uniform' | 'logged' | readonly (readonly number[])[];
  /** Of a folder with `BEHAVIOUR/CAMPAIGN/CAMPAIGN.csv`: which. @default the only one there */
  readonly behaviour?: string;
  readonly campaign?: string;
  /** Items of the campaign. @default of all 80, men 34, women 46; needed for others */
  readonly items?: number;
}

/**
 * A file `CAMPAIGN.csv` (or `.csv.gz`), or a folder of the dataset. Each row is a decision of its own, at position 1 to 3; the dataset
 * has no listeners, so that rows are resampled as if each were someone else's. Both names of the propensity are read: `propensity_score`
 * and `action_prob`. Throws `OPTION_INVALID` for what is not there; while reading `OPE_PROPENSITY_RANGE` and `OPE_ROW_INVALID`, rows from 0.
 */
export async function readOpenBandit(path: string, options: OpenBanditOptions = {}): Promise<OpeLog> {
  const file = fileOf(path, options);
  const table = new NumberTable([file]);
  const present = await table.columns();
  const propensity = ['propensity_score', 'action_prob'].find((name) => present.includes(name));
  const missing = ['item_id', 'position', 'click'].filter((name) => !present.includes(name));
  if (propensity === undefined) missing.push('propensity_score');
  if (propensity === undefined || missing.length > 0) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${file} has no column ${missing.join(', ')}: it is not of this dataset`,
    );
  }
  const campaign = basename(file).split('.')[0];
  const { target = 'uniform' } = options;
  const items = options.items ?? CAMPAIGN_ITEMS[campaign];
  if (target !== 'logged' && items === undefined) {
    throw new ShelfwiseError('OPTION_INVALID', `how many items has ${campaign}? Say it with the option items`);
  }
  const source = sourceFrom(table, propensity, target, items);
  return {
    describe: `the Open Bandit Dataset's ${file}`,
    notes: ['the dataset has no listeners: each row is resampled as if it were of another one'],
    studies: [plainStudy(source, [])],
  };
}

function sourceFrom(
  table: NumberTable,
  propensity: string,
  target: NonNullable<OpenBanditOptions['target']>,
  items: number,
): DecisionSource {
  const expressions = [numberOf('item_id'), numberOf('position'), numberOf('click'), numberOf(propensity)];
  async function* chunks(): AsyncGenerator<EvaluationRows> {
    const builder = new ChunkBuilder();
    const next = emptyRow();
    let row = 0;
    for await (const { rows, columns } of table.numbers(expressions)) {
      const [item, position, click, logged] = columns;
      for (let at = 0; at < rows; at++, row++) {
        requirePropensity(logged[at], row, propensity);
        const wanted =
          target === 'logged'
            ? logged[at]
            : target === 'uniform'
              ? 1 / items
              : (target[position[at] - 1]?.[item[at]] ?? Number.NaN);
        if (!(wanted >= 0 && wanted <= 1) || (target !== 'logged' && !(item[at] >= 0 && item[at] < items))) {
          const text = `row ${row} has item ${item[at]} at position ${position[at]}, of which the policy's probability is not known`;
          throw new ShelfwiseError('OPE_ROW_INVALID', text, { details: { row } });
        }
        next.listener = row;
        next.position = position[at] - 1;
        next.weight = wanted / logged[at];
        next.reward = click[at];
        next.matches = wanted === 1 ? 1 : 0;
        const full = builder.add(next);
        if (full !== null) yield full;
      }
    }
    const rest = builder.take();
    if (rest !== null) yield rest;
  }
  return { [Symbol.asyncIterator]: chunks };
}

/** The log that a path and options mean. */
function fileOf(path: string, { behaviour, campaign }: OpenBanditOptions): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const logs = logsIn(path, 3).filter(
    (file) =>
      (campaign === undefined || basename(file).split('.')[0] === campaign) &&
      (behaviour === undefined || basename(dirname(dirname(file))) === behaviour),
  );
  if (logs.length === 1) return logs[0];
  const found = logs.length === 0 ? 'holds no such log' : `holds several: ${logs.join(', ')}`;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `${path} ${found}; name one with behaviour and campaign, or the file itself`,
  );
}

function logsIn(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return depth > 1 ? logsIn(path, depth - 1) : [];
      return /\.csv(\.gz)?$/.test(entry.name) && !entry.name.includes('item_context') ? [path] : [];
    });
}
