/** `npm run bench -- NAME [options]`: runs one bench and prints one JSON object, its baseline in the same run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchBeside } from './beside.ts';
import { benchFreshness } from './freshness.ts';
import { preparedWorld } from './harness.ts';
import { benchHome } from './home.ts';
import { benchIngest } from './ingest.ts';
import { measureJitter } from './jitter.ts';
import { GENERATOR_FLAGS } from './load.ts';
import { benchOnnx } from './onnx.ts';
import { benchOpe } from './ope.ts';
import { benchQuality } from './quality.ts';
import { benchScore } from './score.ts';
import { benchStats } from './stats.ts';
import { benchTrain } from './train.ts';

const BENCHES = {
  home: benchHome,
  beside: benchBeside,
  ingest: benchIngest,
  freshness: benchFreshness,
  score: benchScore,
  train: benchTrain,
  onnx: benchOnnx,
  quality: benchQuality,
  ope: benchOpe,
  stats: benchStats,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    items: { type: 'string', default: '100000' },
    listeners: { type: 'string', default: '20000' },
    seconds: { type: 'string', default: '10' },
    'candidates-per-shelf': { type: 'string' },
    without: { type: 'string', default: '' },
    families: { type: 'string', default: '' },
    python: { type: 'string' },
    other: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    starts: { type: 'string', default: '6' },
  },
});
/** Benches that send requests to a server, and the world that it serves where they have one. */
const OVER_HTTP: Readonly<Record<string, (() => Promise<unknown>) | undefined>> = {
  home: () => preparedWorld(settings.items, settings.listeners),
  beside: () => preparedWorld(settings.items, settings.listeners),
  freshness: () => preparedWorld(settings.items, settings.listeners),
  ingest: () => Promise.resolve(),
};
const [name] = positionals;
if (name === undefined || !(name in BENCHES)) {
  process.stderr.write(
    `usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--items N] [--listeners N] [--seconds N] [--candidates-per-shelf N] [--without SHELF,SHELF] [--families FAMILY,FAMILY] [--python PATH] [--other CHECKOUT] [--rounds N] [--starts N]\n`,
  );
  process.exit(2);
}

const settings = {
  items: Number(values.items),
  listeners: Number(values.listeners),
  seconds: Number(values.seconds),
  candidatesPerShelf: values['candidates-per-shelf'] === undefined ? undefined : Number(values['candidates-per-shelf']),
  withoutShelves: values.without === '' ? [] : values.without.split(','),
  families: values.families === '' ? [] : values.families.split(','),
  python: values.python,
  other: values.other,
  rounds: Number(values.rounds),
  starts: Number(values.starts),
};
const prepare = OVER_HTTP[name];
if (prepare !== undefined && !process.execArgv.includes(GENERATOR_FLAGS[0])) {
  await prepare();
  const again = [...GENERATOR_FLAGS, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exit(spawnSync(process.execPath, again, { stdio: 'inherit' }).status ?? 1);
}
const jitterBefore = measureJitter(2);
const result = await BENCHES[name as keyof typeof BENCHES](settings);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
process.stdout.write(
  `${JSON.stringify({ bench: name, commit, node: process.version, cpu: cpus()[0].model, cores: cpus().length, ...settings, machineJitter: { before: jitterBefore, after: measureJitter(2) }, ...result }, null, 2)}\n`,
);
