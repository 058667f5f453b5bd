/**
 * `node scripts/compare-vowpal-wabbit.ts --python PATH [--orders 10] [--seed 1] [--ours-only] FILE...`: progressive validation
 * loss of `shelfwise simulate classification` beside Vowpal Wabbit's `--cbify`, on the same orders of the same rows. PATH is a
 * Python that has the package `vowpalwabbit` (a virtual environment: the product does not need it). Prints one JSON object.
 *
 * Vowpal Wabbit reads two forms of each file: the columns as they are, and what our encoder makes of them (categories and
 * intervals at two resolutions, and their pairs). It runs every exploration that it has with its defaults and with another
 * step size and cost range (`--explorations=A,B`, `--forms=intervals`: only these); its best is the best on these very orders. Ours is the one in CHOSEN.
 *
 * `node scripts/compare-vowpal-wabbit.ts --choose [--orders 5] FILE...`: what CHOSEN was chosen by, every policy and model of one
 * list, the same for all files, on orders of another seed (1001); the least loss first, of equal ones the first of the list.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type ClassificationData,
  createContextEncoder,
  orderOf,
  readClassification,
  type SimulationOptions,
  simulateClassification,
} from '../src/simulation/index.ts';

type Choice = Pick<SimulationOptions, 'policy' | 'policyOptions' | 'model' | 'modelOptions'>;

/** What came first by `--choose`: over 10 orders for segment, 5 for satellite and mushroom, 1 for letter. */
const CHOSEN: Readonly<Record<string, Choice>> = {
  'segment.dat.gz': { policy: 'greedy', model: 'linear' },
  'sat.trn.gz': { policy: 'greedy', model: 'logistic' },
  'agaricus-lepiota.data.gz': { policy: 'greedy', model: 'linear' },
  'letter.csv.gz': { policy: 'squarecb', policyOptions: { gammaScale: 100 }, model: 'linear' },
};
const OTHERWISE: Choice = { policy: 'squarecb', policyOptions: { elimination: true }, model: 'logistic' };
const CHOOSING_SEED = 1001;

/** What is chosen from. */
function listFor(data: ClassificationData): readonly Choice[] {
  const policies: readonly Pick<Choice, 'policy' | 'policyOptions'>[] = [
    { policy: 'greedy' },
    { policy: 'softmax' },
    { policy: 'softmax', policyOptions: { temperature: 0.02 } },
    { policy: 'plackett-luce' },
    { policy: 'epsilon-greedy' },
    { policy: 'epsilon-greedy', policyOptions: { epsilon: 0.02 } },
    ...['squarecb', 'fastcb'].flatMap((policy) => [
      { policy },
      { policy, policyOptions: { elimination: true } },
      { policy, policyOptions: { gammaScale: 100 } },
    ]),
  ];
  // Twice the step that the simulation takes by itself.
  const alpha = Number((1 / Math.sqrt(createContextEncoder(data).shape.sparseWidth)).toFixed(3));
  const models: readonly Pick<Choice, 'model' | 'modelOptions'>[] = [
    { model: 'logistic' },
    { model: 'logistic', modelOptions: { alpha } },
    { model: 'linear' },
  ];
  return models.flatMap((model) => policies.map((policy) => ({ ...policy, ...model })));
}

const EXPLORATIONS = [
  '--epsilon 0.05',
  '--epsilon 0.02',
  '--epsilon 0',
  '--first 500',
  '--softmax --lambda 10',
  '--bag 4 --greedify',
  '--cover 4',
  '--squarecb',
  '--squarecb --elim',
  '--regcb --mellowness 0.01',
  '--regcb --regcbopt --mellowness 0.01',
  '--synthcover',
] as const;

const FORMS = [
  { form: 'columns', options: ['', '-q ff', '-q ff -l 2 --loss0 -1 --loss1 0'] },
  { form: 'intervals', options: ['', '-q cc', '-q cc -l 2 --loss0 -1 --loss1 0'] },
] as const;

const PROGRAM = `
import json, sys
from vowpalwabbit import Workspace, __version__
jobs = json.load(sys.stdin)
out = []
for args in jobs:
    w = Workspace(args + " --quiet")
    w.finish()
    out.append(w.get_sum_loss() / max(1, w.get_weighted_examples()))
print(json.dumps({"version": __version__, "losses": out}))
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string' },
    orders: { type: 'string' },
    seed: { type: 'string', default: '1' },
    'ours-only': { type: 'boolean', default: false },
    choose: { type: 'boolean', default: false },
    explorations: { type: 'string', default: EXPLORATIONS.join(',') },
    forms: { type: 'string', default: FORMS.map(({ form }) => form).join(',') },
  },
});
const orders = Number(values.orders ?? (values.choose ? 5 : 10));
const seed = Number(values.seed);
if (positionals.length === 0 || (values.python === undefined && !values['ours-only'] && !values.choose)) {
  process.stderr.write(
    'usage: node scripts/compare-vowpal-wabbit.ts --python PATH | --ours-only | --choose [--orders N] [--seed N] FILE...\n',
  );
  process.exit(2);
}

const results = [];
for (const file of positionals) results.push(await (values.choose ? choose(file) : compare(file)));
process.stdout.write(`${JSON.stringify({ orders, seed: values.choose ? CHOOSING_SEED : seed, results }, null, 2)}\n`);

async function choose(file: string): Promise<unknown> {
  const data = readClassification(file);
  const tried: (Choice & { readonly pvLoss: number })[] = [];
  for (const choice of listFor(data)) {
    const { pvLoss } = await simulateClassification(data, { ...choice, orders, seed: CHOOSING_SEED });
    tried.push({ ...choice, pvLoss });
  }
  return { file: basename(file), tried: tried.sort((a, b) => a.pvLoss - b.pvLoss) };
}

async function compare(file: string): Promise<unknown> {
  const data = readClassification(file);
  const choice = CHOSEN[basename(file)] ?? OTHERWISE;
  const { pvLoss, pvLossCi, regretSlope, modelOptions } = await simulateClassification(data, {
    ...choice,
    orders,
    seed,
  });
  const ours = { ...choice, modelOptions, pvLoss, pvLossCi, regretSlope };
  const head = { file: basename(file), rows: data.rows, classes: data.classes.length, ours };
  process.stderr.write(`${head.file}: ours ${pvLoss.toFixed(4)}\n`);
  if (values['ours-only']) return head;
  const wanted = values.forms.split(',');
  const theirs = FORMS.filter(({ form }) => wanted.includes(form)).map(({ form, options }) =>
    vowpalWabbit(data, form, options),
  );
  const ratios = theirs.map(({ form, best }) => [form, pvLoss / best.pvLoss]);
  return { ...head, vowpalWabbit: theirs, ratioToBest: Object.fromEntries(ratios) };
}

function vowpalWabbit(data: ClassificationData, form: 'columns' | 'intervals', options: readonly string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'shelfwise-vw-'));
  try {
    const files = Array.from({ length: orders }, (_, order) => {
      const path = join(dir, `${order}.vw`);
      writeFileSync(path, textOf(data, order, form));
      return path;
    });
    const named = values.explorations
      .split(',')
      .flatMap((exploration) => options.map((more) => `${exploration} ${more}`.trim()));
    const figures = named.map((name) => {
      const jobs = files.map((path) => `--cbify ${data.classes.length} --cb_explore_adf ${name} -d ${path}`);
      const losses = runPython(jobs);
      const pvLoss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      process.stderr.write(`  ${form} ${name}: ${pvLoss.toFixed(4)}\n`);
      return { name, pvLoss };
    });
    figures.sort((a, b) => a.pvLoss - b.pvLoss);
    return { form, best: figures[0], all: figures };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function runPython(jobs: readonly string[]): readonly number[] {
  const run = spawnSync(values.python ?? 'python3', ['-c', PROGRAM], { input: JSON.stringify(jobs), encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${values.python} failed: ${run.stderr}`);
  return (JSON.parse(run.stdout) as { losses: number[] }).losses;
}

/** Multi-class examples in Vowpal Wabbit's text format. */
function textOf(data: ClassificationData, order: number, form: 'columns' | 'intervals'): string {
  const encoder = createContextEncoder(data);
  const lines: string[] = [];
  for (const row of orderOf(data.rows, seed, order)) {
    encoder.observe(row);
    const features = form === 'columns' ? columnsOf(data, row) : intervalsOf(encoder);
    lines.push(`${data.labels[row] + 1} ${features}`);
  }
  return `${lines.join('\n')}\n`;
}

function columnsOf(data: ClassificationData, row: number): string {
  const words = data.columns.map((column, c) => {
    if (column.kind === 'category') return column.codes[row] === 0 ? '' : `${c}=${column.codes[row]}`;
    return Number.isNaN(column.amounts[row]) ? '' : `${c}:${column.amounts[row]}`;
  });
  return `|f ${words.filter((word) => word !== '').join(' ')}`;
}

function intervalsOf({ codes, fineCodes }: { readonly codes: Uint32Array; readonly fineCodes: Uint32Array }): string {
  const words = (list: Uint32Array) => [...list].flatMap((code, c) => (code === 0 ? [] : [`${c}=${code}`])).join(' ');
  return `|c ${words(codes)} |d ${words(fineCodes)}`;
}
