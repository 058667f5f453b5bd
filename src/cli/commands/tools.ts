/** Commands around the platform: `openapi`, `policy check`, `bench`. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type CrewHooks, ShelfwiseError, startCrew } from '../../base/index.ts';
import type { Policy, PolicyCheck } from '../../policy/index.ts';
import { found, type GlobalOptions, print, type Run } from '../command.ts';
import { anyOptionMap, wholeNumber } from '../parse.ts';
import type { CheckReply, CheckTask } from '../policy-check-thread.ts';
import { withProgress } from '../progress.ts';
import { packageVersion } from '../version.ts';

export function registerTools(program: Command, run: Run): void {
  program
    .command('openapi')
    .description('Print the OpenAPI 3.1 document of the HTTP API.')
    .addHelpText('after', '\nExamples:\n  shelfwise openapi > openapi.json')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { openApiDocument } = await import('../../server/index.ts');
      const document = await openApiDocument(packageVersion());
      print(run, options, document, () => `${JSON.stringify(document, null, 2)}\n`);
    });

  registerPolicy(program, run);

  program
    .command('bench')
    .description('Run a benchmark; only in a clone of the repository.')
    .argument('<name>', 'home, ingest, freshness, score, …')
    .argument('[args...]', 'passed on')
    .allowUnknownOption()
    .action(async (name: string, rest: string[]) => {
      const main = fileURLToPath(new URL('../../../bench/main.ts', import.meta.url));
      if (!existsSync(main)) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          'benchmarks are not part of the installed package; run them in a clone',
        );
      }
      run.exitCode = await runScript(main, [name, ...rest], dirname(dirname(main)));
    });
}

/** What a correct policy keeps; the p value of a correct one falls below this once in a thousand seeds. */
const MAX_SUM_ERROR = 1e-12;
const MAX_STANDARD_ERRORS = 3;
const MIN_CHI2_P = 0.001;

interface PolicyOptions extends GlobalOptions {
  readonly policy: string;
  readonly draws: number;
  readonly seed: number;
  readonly set?: Record<string, number | string | boolean>;
  readonly compose?: Record<string, number | string | boolean>;
}

function registerPolicy(program: Command, run: Run): void {
  const policy = program.command('policy').description('The laws of policies.');
  policy
    .command('check')
    .description(
      'Draw pages with overlapping shelves, a pin and an artist cap, and test that the propensities are true: they sum to 1, ' +
        'the mean importance weight is 1, and how often each page is drawn fits its probability. Exit 1 when they are not. ' +
        'A policy that needs more of a model than scores is given a posterior that is made up.',
    )
    .requiredOption(
      '--policy <policy>',
      'its id (docs/policies.md), or "each": every policy, with the options that change what it does, and under a composition of everything',
    )
    .option('--draws <count>', 'pages to draw', wholeNumber(1, 100_000_000), 100_000)
    .option('--seed <seed>', 'of the draws', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--set <name=value>', 'an option of the policy; repeatable', anyOptionMap)
    .option('--compose <name=value>', 'an option of its composition, such as diversity=0.4; repeatable', anyOptionMap)
    .addHelpText(
      'after',
      `
Examples:
  shelfwise policy check --policy each --draws 1000000 --json
  shelfwise policy check --policy plackett-luce --set cardEpsilon=0.1 --set cardTemperature=0.5
  shelfwise policy check --policy thompson --set draws=64 --set floor=project
  shelfwise policy check --policy greedy --compose diversity=0.3 --compose explorationShare=0.1`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PolicyOptions>();
      const { CHECKED_COMPOSITION, composed, POLICY_IDS, POLICY_VARIANTS, policyOf } = await import(
        '../../policy/index.ts'
      );
      const isEach = options.policy === 'each';
      if (isEach && (options.set !== undefined || options.compose !== undefined)) {
        throw new ShelfwiseError('OPTION_INVALID', '--set and --compose are for one policy; name it instead of "each"');
      }
      const wanted: Pick<CheckTask, 'id' | 'options' | 'composition'>[] = isEach
        ? [
            ...POLICY_VARIANTS.map(([id, given]) => ({ id, options: given, composition: {} })),
            ...POLICY_IDS.map((id) => ({ id, options: {}, composition: CHECKED_COMPOSITION })),
          ]
        : [{ id: options.policy, options: options.set ?? {}, composition: options.compose ?? {} }];
      const policies = wanted.map((one) => composed(policyOf(one.id, one.options), one.composition));
      const { draws, seed } = options;
      const tasks = wanted.map((one) => ({ ...one, draws, seed }));
      const reports: PolicyReport[] = [];
      let ended = 0;
      await withProgress(
        run.cli,
        isEach
          ? `Drawing ${draws} pages by each of ${tasks.length} policies`
          : `Drawing ${draws} pages by ${tasks[0].id}`,
        (update) =>
          checkPolicies(tasks, {
            onReply: ({ check, seconds }, index) => {
              const { id, options: settings } = policies[index];
              reports[index] = { policy: id, options: settings, draws, holds: holdsFor(check), seconds, ...check };
              ended++;
              update(ended / tasks.length, id);
              if (isEach) run.cli.err(endedText(reports[index]));
            },
            signal: run.cli.stop,
          }),
        () => `${reports.filter((report) => report.holds).length} of ${reports.length} hold`,
      );
      const holds = reports.every((report) => report.holds);
      if (!holds) found(run);
      if (isEach) print(run, options, { holds, policies: reports }, () => reports.map(reportText).join(''));
      else print(run, options, reports[0], () => reportText(reports[0]));
    });
}

/** As many threads as the machine has cores. */
async function checkPolicies(tasks: readonly CheckTask[], hooks: CrewHooks<CheckReply>): Promise<void> {
  const count = Math.min(tasks.length, availableParallelism());
  const crew = startCrew<CheckTask, CheckReply>('../policy-check-thread', import.meta.url, { name: 'policies', count });
  try {
    await crew.run(tasks, hooks);
  } finally {
    await crew.close();
  }
}

function holdsFor({ sumError, meanWeight, meanWeightSe, chi2p }: PolicyCheck): boolean {
  return (
    sumError <= MAX_SUM_ERROR && Math.abs(meanWeight - 1) <= MAX_STANDARD_ERRORS * meanWeightSe && chi2p > MIN_CHI2_P
  );
}

interface PolicyReport extends PolicyCheck {
  readonly policy: string;
  readonly options: Policy['options'];
  readonly draws: number;
  readonly holds: boolean;
  readonly seconds: number;
}

/** A line as a check ends: with many draws all of them take an hour. */
function endedText({ policy, options, holds, seconds }: PolicyReport): string {
  const composed = 'composition' in options ? ', composed' : '';
  return `${policy}${composed}: ${holds ? 'holds' : 'does NOT hold'} (${seconds.toFixed(1)} s)\n`;
}

function reportText({ policy, options, holds, sumError, meanWeight, meanWeightSe, chi2p }: PolicyReport): string {
  return [
    `${policy} ${JSON.stringify(options)}: ${holds ? 'its propensities are true' : 'its propensities are NOT true'}`,
    `  largest |sum of probabilities - 1|  ${sumError}   (at most ${MAX_SUM_ERROR})`,
    `  mean importance weight              ${meanWeight} ± ${meanWeightSe}   (1 within ${MAX_STANDARD_ERRORS} standard errors)`,
    `  chi-square p                        ${chi2p}   (more than ${MIN_CHI2_P})`,
    '',
  ].join('\n');
}

function runScript(script: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
