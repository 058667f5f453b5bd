/**
 * Every input of contextual-bandit problems in Vowpal Wabbit's own test-suite has as many events as its reference output
 * counts. The suite's files are no part of this repository.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eventWeight, isLabelled } from './event.ts';
import { readVw, type VwFormat } from './read.ts';

const ROOT = join(process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data'), 'vw');
const hasReal = existsSync(ROOT);
if (!hasReal) console.info(`skipped: the tests on Vowpal Wabbit's own files want ${ROOT} (set SHELFWISE_DATA_DIR)`);

interface Case {
  readonly id: number;
  readonly vw_command: string;
  readonly diff_files: { readonly stderr?: string };
  readonly input_files: readonly string[];
}

/** The file, or its gzipped form; undefined where neither is there. */
function pathOf(name: string): string | undefined {
  const plain = join(ROOT, 'test', name);
  return [plain, `${plain}.gz`].find((path) => existsSync(path));
}

function textOf(name: string): string {
  const path = pathOf(name);
  if (path === undefined) throw new Error(`${name} is not there`);
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** The format that a command reads; undefined for problems that are not contextual bandits, and for FlatBuffers. */
function formatOf(command: string): VwFormat | undefined {
  const has = (option: string): boolean => ` ${command} `.includes(` ${option} `);
  // Supervised examples that it turns into bandits itself; a binary format; a policy that its model file names.
  if (/--(cbify|warm_cb|flatbuffer|cbify_ldf)\b/.test(command)) return undefined;
  if (has('--dsjson')) return 'dsjson';
  if (has('--json')) return 'json';
  if (has('--ccb_explore_adf')) return 'ccb';
  if (has('--slates')) return 'slates';
  if (has('--cb_adf') || has('--cb_explore_adf') || has('--explore_eval')) return 'cb-adf';
  if (has('--cb') || has('--cb_explore')) return 'cb';
  return undefined;
}

interface Reference {
  readonly name: string;
  readonly input: string;
  readonly format: VwFormat;
  readonly events: number;
  readonly weight: number;
  readonly command: string;
}

/** `--no_predict` counts nothing; every tenth example is held out when it passes over the data more than once. */
function referenceOf(one: Case): Reference | undefined {
  const format = formatOf(one.vw_command);
  const stderr = one.diff_files.stderr;
  if (format === undefined || stderr === undefined || / --no_predict\b/.test(one.vw_command)) return undefined;
  const text = textOf(stderr);
  const count = /number of examples(?: per pass)? = (\d+)/.exec(text)?.[1];
  // With --quiet it prints no counts.
  if (count === undefined) return undefined;
  const input = /Reading datafile = (\S+)/.exec(text)?.[1] ?? one.input_files[0];
  const isHeldOut = /--passes [2-9]/.test(one.vw_command) && !one.vw_command.includes('--holdout_off');
  const events = Number(count);
  return {
    name: `${one.id}: ${input} as ${format}`,
    input,
    format,
    events: isHeldOut ? events + Math.round(events / 9) : events,
    weight: /passes/.test(one.vw_command) ? Number.NaN : Number(/weighted example sum = (\S+)/.exec(text)?.[1]),
    command: one.vw_command,
  };
}

describe.skipIf(!hasReal)("events of Vowpal Wabbit's own files", () => {
  const cases = hasReal ? (JSON.parse(readFileSync(join(ROOT, 'cases.json'), 'utf8')) as Case[]) : [];
  const references = cases.flatMap((one) => referenceOf(one) ?? []);

  it('has references for all formats', () => {
    const counts = Map.groupBy(references, ({ format }) => format);
    expect([...counts.keys()].sort()).toEqual(['cb', 'cb-adf', 'ccb', 'dsjson', 'json', 'slates']);
    expect(references.length).toBeGreaterThan(100);
  });

  it.each(references)('counts the events of $name', async ({ input, format, events, weight }) => {
    const path = pathOf(input);
    if (path === undefined) throw new Error(`${input} is not there`);
    let seen = 0;
    let seenWeight = 0;
    for await (const batch of readVw(path, format)) {
      for (const event of batch.events) {
        // It passes over what is not to be learnt from, and of JSON over slates without a label.
        if (event.skipLearn || (format === 'dsjson' && event.kind === 'slates' && !isLabelled(event))) continue;
        seen++;
        seenWeight += eventWeight(event);
      }
    }
    expect(seen).toBe(events);
    if (!Number.isNaN(weight)) expect(seenWeight).toBeCloseTo(weight, 4);
  });

  it('says which lines of a damaged file are bad, and why', async () => {
    const bad = [];
    const path = pathOf('train-sets/ccb_data_parse_error.json');
    if (path === undefined) throw new Error('the damaged file is not there');
    for await (const batch of readVw(path, 'dsjson')) bad.push(...batch.bad);
    expect(bad.map(({ row }) => row)).toEqual([57, 69]);
    for (const { reason } of bad) expect(reason).toMatch(/^the line is not JSON: /);
  });
});
