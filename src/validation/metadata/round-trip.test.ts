/** Every given text: text → message → binary → message → text. The given files are no part of this repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeBinary, encodeBinary, formatText, type MessageName, parseText } from './index.ts';

const ROOT = process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data');
const hasReal = existsSync(join(ROOT, 'tfdv'));
if (!hasReal) console.info(`skipped: the round trips of the given texts want ${ROOT} (set SHELFWISE_DATA_DIR)`);

interface Given {
  readonly where: string;
  readonly type: MessageName;
  readonly text: string;
}

/** Python's texts of parts whose message the case file does not name. */
function typeOf(type: string, text: string): MessageName {
  if (type === 'Measurement') return 'DriftSkewInfo.Measurement';
  if (/^\s*name: "\w+"\s*type: \w+\s*int_domain/.test(text)) return 'Feature';
  if (/^\s*features \{\s*feature \{\s*key/.test(text)) return 'Example';
  if (type !== 'other') return type as MessageName;
  if (/^\s*(buckets|num_nan|type: (QUANTILES|STANDARD))/.test(text)) return 'Histogram';
  if (/^\s*(path|name|type)\b/.test(text)) return 'FeatureNameStatistics';
  if (/^\s*(num_stats|string_stats)\b/.test(text)) return 'FeatureNameStatistics';
  return 'DatasetFeatureStatistics';
}

function givenCases(): Given[] {
  return readdirSync(join(ROOT, 'tfdv'))
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const { cases } = JSON.parse(readFileSync(join(ROOT, 'tfdv', file), 'utf8')) as {
        cases: { test: string; protos: { role: string; type: string; text: string }[] }[];
      };
      return cases.flatMap(({ test, protos }) =>
        protos.map(({ role, type, text }, index) => ({
          where: `${file} ${test} #${index} ${role}`,
          type: typeOf(type, text),
          text,
        })),
      );
    });
}

function dedent(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => `${line.slice(indent).trimEnd()}\n`).join('');
}

/** Why a text is not in the printer's form, the first reason that applies; undefined if it is. */
function deviation(text: string, printed: string): string | undefined {
  const given = dedent(text);
  if (given === printed) return undefined;
  if (/(^|\s)#/m.test(given)) return 'has comments';
  if (/:\s*[{<[]/.test(given)) return 'a colon before {, or a list';
  if (/: *'/.test(given)) return 'strings in single quotes';
  if (/0x/.test(given)) return 'hexadecimal numbers';
  if (/[{},;] *[^\s{},;]|[^\s{] *\}|[,;]$/m.test(given)) return 'several fields on a line, or separators';
  if (/:[^\s]/.test(given)) return 'no space after the colon';
  const bare = (lines: string): string => lines.split('\n').map((line) => line.trim()).filter((line) => line !== '').sort().join('\n'); // biome-ignore format: one thought
  if (bare(given) === bare(printed)) return 'fields out of order, or another indent';
  return 'numbers written otherwise, or defaults written';
}

function roundTrip({ type, text }: Given): { message: unknown; printed: string } {
  const message = parseText(type, text);
  const bytes = encodeBinary(type, message);
  const back = decodeBinary(type, bytes);
  expect(back).toEqual(message);
  expect(encodeBinary(type, back)).toEqual(bytes);
  const printed = formatText(type, back);
  expect(parseText(type, printed)).toEqual(message);
  expect(formatText(type, parseText(type, printed))).toBe(printed);
  return { message, printed };
}

describe.skipIf(!hasReal)('given texts', () => {
  const given = hasReal ? givenCases() : [];

  it.each(given.map((one) => [one.where, one] as const))('%s', (_, one) => {
    const { printed } = roundTrip(one);
    if (deviation(one.text, printed) === undefined) expect(printed).toBe(dedent(one.text));
  });

  it('in canonical form come back byte for byte; of the others it is known why they are not in it', () => {
    const reasons = new Map<string, number>();
    for (const one of given) {
      const reason = deviation(one.text, roundTrip(one).printed) ?? 'canonical: byte for byte';
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    console.info(`${given.length} given texts:`, Object.fromEntries([...reasons].sort((a, b) => b[1] - a[1])));
    expect(reasons.get('canonical: byte for byte')).toBeGreaterThan(0);
  });

  it('the user-provided taxi schema', () => {
    const text = readFileSync(join(ROOT, 'taxi_tfdv/tfx_user_provided_schema.pbtxt'), 'utf8');
    const { printed } = roundTrip({ where: 'taxi', type: 'Schema', text });
    expect(printed).toBe(text.replace(/#.*\n?/g, ''));
  });

  it('the user-provided penguin schema, which writes min_fraction before min_count and ends in a comment', () => {
    const text = readFileSync(join(ROOT, 'penguins_tfx/schema_user_provided.pbtxt'), 'utf8');
    const { printed } = roundTrip({ where: 'penguins', type: 'Schema', text });
    expect(printed).toBe(text.replace(/#.*\n?/g, ''));
  });
});
