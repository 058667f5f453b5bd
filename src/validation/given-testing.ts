/** For tests: the cases of TFDV's own suite, given as text protos in a folder that is no part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DatasetFeatureStatistics,
  formatText,
  type MessageName,
  type MessageTypes,
  parseText,
} from './metadata/index.ts';
import { DatasetView, type FeatureView } from './views.ts';

interface GivenProto {
  readonly role: string;
  readonly type: MessageName;
  readonly text: string;
}

export class GivenCase {
  readonly name: string;
  readonly protos: readonly GivenProto[];
  readonly expectations: readonly string[];

  constructor(name: string, protos: readonly GivenProto[], expectations: readonly string[]) {
    this.name = name;
    this.protos = protos;
    this.expectations = expectations;
  }

  /** The nth proto of a type. */
  text(type: MessageName, index = 0): string {
    const found = this.protos.filter((proto) => proto.type === type)[index];
    if (!found) throw new Error(`${this.name} has no ${type} #${index}`);
    return found.text;
  }

  get<N extends MessageName>(type: N, index = 0): MessageTypes[N] {
    return parseText(type, this.text(type, index));
  }

  /** Protos in rows of so many. */
  rows(size: number, from = 0, to = this.protos.length): (readonly GivenProto[])[] {
    return Array.from({ length: (to - from) / size }, (_, row) =>
      this.protos.slice(from + row * size, from + (row + 1) * size),
    );
  }
}

const ROOT = process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../shared/data');

/** A file of the given data, if it is there. */
export function givenPath(...parts: string[]): string | undefined {
  const path = join(ROOT, ...parts);
  return existsSync(path) ? path : undefined;
}

/** The cases of a file; none where the data is absent. */
export function givenCases(file: string): GivenCase[] {
  const path = givenPath('tfdv', file);
  if (!path) return [];
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as {
    cases: { test: string; protos: GivenProto[]; expectations?: string[] }[];
  };
  return cases.map(({ test, protos, expectations = [] }) => new GivenCase(test, protos, expectations));
}

/** Equal messages, compared as text so that a difference reads. */
export function expectMessage<N extends MessageName>(type: N, actual: MessageTypes[N], expected: string): void {
  expect(formatText(type, actual)).toBe(formatText(type, parseText(type, expected)));
}

/** A dataset of one feature, of as many examples as it is present or missing in. */
export function datasetOfFeature(text: string, byWeight = false): DatasetFeatureStatistics {
  const feature = parseText('FeatureNameStatistics', text);
  const { numStats, stringStats, bytesStats, structStats } = feature;
  const common = (numStats ?? stringStats ?? bytesStats ?? structStats)?.commonStats;
  if (byWeight && common) {
    common.weightedCommonStats = {
      numNonMissing: common.numNonMissing ?? 0,
      numMissing: common.numMissing ?? 0,
      avgNumValues: common.avgNumValues ?? 0,
      totNumValues: common.totNumValues ?? 0,
    };
    if (stringStats?.rankHistogram) stringStats.weightedStringStats = { rankHistogram: stringStats.rankHistogram };
    if (common.presenceAndValencyStats)
      common.weightedPresenceAndValencyStats = common.presenceAndValencyStats.map(
        ({ numMissing = 0, numNonMissing = 0 }) => ({ numMissing, numNonMissing }),
      );
  }
  const numExamples = (common?.numMissing ?? 0) + (common?.numNonMissing ?? 0);
  return { numExamples, weightedNumExamples: numExamples, features: [feature] };
}

export function viewOfFeature(text: string, byWeight = false): FeatureView {
  return new DatasetView(datasetOfFeature(text, byWeight), { byWeight }).features[0];
}

/** What checks a case, or why it cannot be. */
export type CaseTable = Readonly<
  Record<string, ((given: GivenCase) => void | Promise<void>) | { readonly unsupported: string }>
>;

/** Runs every case of a file by its name; one that the table lacks fails, and the table says which are not supported. */
export function runCases(file: string, table: CaseTable): void {
  const cases = givenCases(file);
  if (cases.length === 0) console.info(`skipped: the cases of ${file} want ${ROOT} (set SHELFWISE_DATA_DIR)`);
  describe.skipIf(cases.length === 0)(file, () => {
    for (const given of cases) {
      const entry = table[given.name];
      it(given.name || '(not in a test)', async (context) => {
        if (typeof entry === 'function') await entry(given);
        else if (entry) context.skip(entry.unsupported);
        else expect.fail(`no entry for the case ${given.name}`);
      });
    }
    it('lists what is not supported', () => {
      const unsupported = Object.entries(table).flatMap(([name, entry]) =>
        typeof entry === 'function' ? [] : [`${name}: ${entry.unsupported}`],
      );
      const passed = cases.length - unsupported.length;
      console.info(`${file}: ${passed} of ${cases.length} cases; not supported: ${unsupported.join('; ') || 'none'}`);
      expect(Object.keys(table).filter((name) => !cases.some((given) => given.name === name))).toEqual([]);
    });
  });
}
