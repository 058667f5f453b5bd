/**
 * Statistics of 1 GB of one column, in the ways that hurt: texts that are all different, one text of a gigabyte, numbers. Prints what
 * each came to, its time and the greatest resident memory. `node scripts/one-gigabyte.ts [texts|line|numbers|parquet]`; without a
 * name each in a process of its own. Needs 1.1 GB of temporary space.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShelfwiseError } from '../src/base/index.ts';
import { openWarehouse } from '../src/store/index.ts';
import { DatasetStatistics, readExamples } from '../src/validation/index.ts';

const GIGABYTE = 1e9;

/** Writes about a gigabyte of a column under the line of its name. */
function write(file: string, line: (i: number) => string): void {
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, 'column\n');
  let written = 0;
  for (let i = 0; written < GIGABYTE; ) {
    const lines: string[] = [];
    for (let n = 0; n < 20_000; n++) lines.push(line(i++));
    written += writeSync(descriptor, `${lines.join('\n')}\n`);
  }
  closeSync(descriptor);
}

function writeLine(file: string): void {
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, 'column\n');
  const part = 'x'.repeat(1e7);
  for (let i = 0; i < GIGABYTE / part.length; i++) writeSync(descriptor, part);
  closeSync(descriptor);
}

async function writeParquet(file: string): Promise<void> {
  const warehouse = await openWarehouse({ threads: 2 });
  await warehouse.copyToParquet(
    "SELECT 'listener ' || hash(i) || ' at ' || i AS \"column\" FROM range(25000000) t(i)",
    file,
  );
  warehouse.close();
}

const KINDS: Readonly<Record<string, readonly [name: string, make: (file: string) => void | Promise<void>]>> = {
  texts: ['texts.csv', (file) => write(file, (i) => `listener-${i}-${(i * 2_654_435_761) % 4_294_967_296}`)],
  line: ['line.csv', writeLine],
  numbers: ['numbers.csv', (file) => write(file, (i) => String(Math.sin(i) * 1e6))],
  parquet: ['texts.parquet', writeParquet],
};

async function measure(kind: string): Promise<Record<string, unknown>> {
  const [name, make] = KINDS[kind];
  const folder = mkdtempSync(join(tmpdir(), 'gigabyte-'));
  const file = join(folder, name);
  try {
    await make(file);
    const bytes = statSync(file).size;
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    let outcome: unknown;
    try {
      const statistics = new DatasetStatistics({ semanticDomains: true });
      for await (const chunk of readExamples(file)) statistics.add(chunk);
      const { numExamples, features } = statistics.extract();
      const { stringStats, numStats } = features![0];
      outcome = { numExamples, unique: stringStats?.unique, mean: numStats?.mean, median: numStats?.median };
    } catch (error) {
      if (!(error instanceof ShelfwiseError)) throw error;
      outcome = { code: error.code, message: error.message, remedy: error.remedy };
    }
    const { user, system } = process.cpuUsage(cpu);
    return {
      kind,
      bytes,
      seconds: Math.round((performance.now() - startMs) / 100) / 10,
      cpuSeconds: Math.round((user + system) / 1e5) / 10,
      greatestRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      outcome,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [kind] = process.argv.slice(2);
if (kind === undefined)
  for (const each of Object.keys(KINDS))
    execFileSync(process.execPath, [import.meta.filename, each], { stdio: 'inherit' });
else process.stdout.write(`${JSON.stringify(await measure(kind))}\n`);
