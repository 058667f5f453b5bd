/**
 * Off-policy evaluation of a Parquet file of N logged decisions in bounded memory: `node scripts/ope-parquet.ts [--decisions N]`.
 * The log is made by DuckDB: ten actions, a million listeners, the logging policy even, the judged one with action k twice as likely as k - 1 and so
 * on; action k earns 1 with probability 0.05 (1 + k). Prints one JSON object with the truth beside the estimates, seconds and the highest memory.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { evaluateStudies, judge, LogDiagnostics } from '../src/counterfactual/index.ts';
import { readOpeColumns } from '../src/exchange/index.ts';

const { values } = parseArgs({ options: { decisions: { type: 'string', default: '100000000' } } });
const decisions = Number(values.decisions);
const dir = mkdtempSync(join(tmpdir(), 'ope-parquet-'));
try {
  const file = join(dir, 'log.parquet');
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB', threads: '2' });
  const connection = await instance.connect();
  await connection.run(`
    copy (
      select listener, action, propensity, target_propensity, (hash(row, 3) % 1000000 < 50000 * (1 + action))::double as reward
      from (
        select row, hash(row, 1) % 1000000 as listener, (hash(row, 2) % 10)::integer as action, 0.1 as propensity,
          pow(2, (hash(row, 2) % 10)::integer) / 1023 as target_propensity
        from range(${decisions}) as rows (row)
      )
    ) to '${file}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();

  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 200);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const log = await readOpeColumns([file]);
  const diagnostics = new LogDiagnostics([1, 10]);
  let rows = 0;
  const { estimates } = await evaluateStudies(log.studies, {
    observers: [
      diagnostics,
      {
        add(chunk) {
          rows += chunk.rows;
        },
      },
    ],
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  let truth = 0;
  for (let k = 0; k < 10; k++) truth += (2 ** k / 1023) * 0.05 * (1 + k);
  const { verdict, reasons } = judge(diagnostics.evidence());
  process.stdout.write(
    `${JSON.stringify({
      rows,
      fileBytes: statSync(file).size,
      seconds: Math.round((performance.now() - startMs) / 100) / 10,
      cpuSeconds: Math.round((user + system) / 1e5) / 10,
      peakMiB: Math.round(Math.max(peakBytes, process.memoryUsage.rss()) / 2 ** 20),
      truth,
      ipw: estimates.ipw,
      snipw: estimates.snipw,
      verdict,
      reasons,
    })}\n`,
  );
} finally {
  rmSync(dir, { recursive: true });
}
