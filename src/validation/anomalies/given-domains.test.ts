/** TFDV's own cases of bool and string domains. */
import { expect } from 'vitest';
import { type CaseTable, expectMessage, type GivenCase, runCases, viewOfFeature } from '../given-testing.ts';
import { type Feature, parseText, type StringDomain } from '../metadata/index.ts';
import { areSimilarDomains, boolDomainOf, isBoolCandidate, isStringDomainCandidate } from '../schema/values.ts';
import { mendBoolDomain, mendStringDomain } from './self-check.ts';
import { checkStringDomain, type DomainCheck } from './string-domain.ts';
import { checkBoolDomain } from './value-domains.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Name of a row of the original table. */
function rowName(role: string): string {
  return /"([^"]*)"/.exec(role)?.[1] ?? '';
}

/** Rows of statistics that are as they should be: by their names here, since the files lack the flags. */
const BOOLS = ['true_false', 'false_only', 'true_only', 'int_value'];

runCases('bool_domain_test.json', {
  'BoolTypeTest.BoolTypeFeatureNameStatistics': (given) => {
    for (const [{ text }, { text: expected }] of given.rows(2))
      expectMessage('BoolDomain', boolDomainOf(viewOfFeature(text)), expected);
  },
  'BoolTypeTest.IsValid': (given) => {
    for (const { role, text } of given.protos) {
      const domain = /BoolDomain>\(\s*"([^"]*)"/.exec(role)?.[1] ?? '';
      const feature: Feature = { boolDomain: parseText('BoolDomain', domain) };
      const findings = checkBoolDomain(viewOfFeature(text), feature);
      expect(findings.length === 0, role).toBe(BOOLS.includes(rowName(role)));
      if (findings.length === 0) expectMessage('BoolDomain', feature.boolDomain!, domain);
    }
  },
  'BoolTypeTest.Update': (given) => {
    for (const [{ text: original }, { text }, { text: expected }] of given.rows(3)) {
      const feature = parseText('Feature', original);
      expect(checkBoolDomain(viewOfFeature(text), feature)).toEqual([]);
      expectMessage('Feature', feature, expected);
    }
  },
  'BoolTypeTest.IsCandidate': (given) => {
    for (const { role, text } of given.protos)
      expect(isBoolCandidate(viewOfFeature(text)), role).toBe(BOOLS.includes(rowName(role)));
  },
  'BoolDomainUtil.UpdateBoolDomainSelf': (given) => {
    for (const [{ role, text }, { text: expected }] of given.rows(2)) {
      const domain = parseText('BoolDomain', text);
      expect(mendBoolDomain(domain), role).toBe(role.includes('broken'));
      expectMessage('BoolDomain', domain, expected);
    }
  },
});

function checkWords(text: string, domain: StringDomain, maxOff = 0, byWeight = false): DomainCheck {
  return checkStringDomain(viewOfFeature(text, byWeight), domain, maxOff, NEVER);
}

/** Starts from no words and ends with alpha and beta. */
function learnsWords(byWeight: boolean): (given: GivenCase) => void {
  return (given) => {
    const domain: StringDomain = { name: 'MyEnum' };
    // The case of weights has no unweighted words to copy: only weighted ones are read.
    checkWords(given.text('FeatureNameStatistics'), domain, 0, byWeight);
    expectMessage('StringDomain', domain, 'name: "MyEnum" value: "alpha" value: "beta"');
  };
}

const STRING_DOMAINS: CaseTable = {
  'EnumType.IsValid': (given) => {
    const rows: [string[], boolean][] = [
      [['true', 'false'], true],
      [['true', 'false'], false],
      [['a', 'b'], false],
      [['true', 'false'], false],
      [['false'], true],
    ];
    rows.forEach(([value, valid], row) => {
      const domain = { value: [...value] };
      const { findings, clear } = checkWords(given.text('FeatureNameStatistics', row), domain);
      expect(findings.length === 0).toBe(valid);
      if (valid) expect({ clear, domain }).toEqual({ clear: false, domain: { value } });
    });
  },
  'EnumType.IsValidWithMassConstraint': (given) => {
    for (const { role, text } of given.protos) {
      const domain = { value: ['a', 'b'] };
      const { findings, clear } = checkWords(text, domain, 0.2);
      const valid = rowName(role) !== 'not_enough_mass_in_domain';
      expect(findings.length === 0, role).toBe(valid);
      if (valid) expect({ clear, domain }).toEqual({ clear: false, domain: { value: ['a', 'b'] } });
    }
  },
  'EnumType.Update': (given) => {
    const rows: [boolean, number][] = [
      [false, 0],
      [true, 1],
      [false, 1],
    ];
    for (const [row, [clear, findings]] of rows.entries()) {
      const expected = given.get('StringDomain', row);
      const domain: StringDomain = { name: expected.name!, value: ['true', 'false'] };
      const check = checkWords(given.text('FeatureNameStatistics', row), domain);
      expect({ clear: check.clear, findings: check.findings.length }).toEqual({ clear, findings });
      expect(domain).toEqual(expected);
    }
  },
  'EnumType.SurfaceFrequenciesOfMissingValues': (given) => {
    for (const [row, text] of ['gamma (~30%)', 'gamma (<1%)'].entries()) {
      const { findings } = checkWords(given.text('FeatureNameStatistics', row), given.get('StringDomain', row));
      expect(findings.map(({ long }) => long)).toEqual([`Examples contain values missing from the schema: ${text}. `]);
    }
  },
  'EnumType.DomainSizeLimit': (given) => {
    // gamma makes three words; from the threshold on the domain goes.
    const cleared = [3, 4].map((threshold, row) => {
      const view = viewOfFeature(given.text('FeatureNameStatistics', row));
      return checkStringDomain(view, given.get('StringDomain', row), 0, threshold).clear;
    });
    expect(cleared).toEqual([true, false]);
  },
  'Enum.Add': learnsWords(false),
  'Enum.GetMissingUnweighted': learnsWords(false),
  'Enum.GetMissingWeighted': learnsWords(true),
  'Enum.IsSimilar': (given) => {
    const domain = given.get('StringDomain');
    expect(areSimilarDomains(domain, domain, { minCount: 10, minJaccardSimilarity: 0.5 })).toBe(true);
  },
  'Enum.IsCandidate': (given) => {
    const view = viewOfFeature(given.text('FeatureNameStatistics'));
    expect([2, 1].map((size) => isStringDomainCandidate(view, size))).toEqual([true, false]);
  },
  'UpdateStringDomainSelf.OneRepeatEnd': (given) => {
    const domain = given.get('StringDomain');
    expect(mendStringDomain(domain)).toEqual(['alpha']);
    expect(domain.value).toEqual(['alpha', 'beta']);
  },
  'UpdateStringDomainSelf.NoProblems': (given) => {
    const domain = given.get('StringDomain');
    expect(mendStringDomain(domain)).toEqual([]);
    expectMessage('StringDomain', domain, given.text('StringDomain'));
  },
};

runCases('string_domain_test.json', STRING_DOMAINS);
