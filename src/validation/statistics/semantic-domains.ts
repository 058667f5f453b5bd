/** What the values of a feature mean: times, URLs, identifiers, natural language. */
import { type CustomStatistic, isUtf8 } from '../metadata/index.ts';
import type { Column } from '../sources/columns.ts';
import { TIME_FORMATS, timeFormatsOf, UNIX_TIMES } from './time-formats.ts';

/** Values that a feature must have, and the share of them that must match (those of TensorFlow Data Validation). */
const LEAST_VALUES = 100;
const LEAST_SHARE = 0.8;

/** Words of natural language: so many at least, of so many letters on average, in the first letters of a value. */
const LEAST_WORDS = 3;
const LEAST_WORD_LENGTH = 2.5;
const MOST_WORD_LENGTH = 8;
const LETTERS = 100;

/** Whitespace as Python's str.split takes it. */
const BLANKS = /[\s\x1c-\x1f\x85]+/;

function isNaturalLanguage(text: string): boolean {
  const words = text
    .slice(0, LETTERS)
    .split(BLANKS)
    .flatMap((word) => (word === '' ? [] : [word.length]));
  const mean = words.reduce((sum, length) => sum + length, 0) / words.length;
  return words.length >= LEAST_WORDS && mean >= LEAST_WORD_LENGTH && mean <= MOST_WORD_LENGTH;
}

const URL_FORM = /^[a-z][a-z0-9+.-]{0,31}:\/\/[^\s/?#]+\S*$/i;
const MID_FORM = /^\/[mg]\/[0-9a-z_]{2,}$/;

/** Forms of identifiers, the narrowest first; a value counts for the first that it has. */
const IDENTIFIERS: readonly (readonly [name: string, form: RegExp])[] = [
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  ['uri', /^(?:urn|spotify):[0-9a-z][0-9a-z-]{0,31}:\S+$/i],
  ['hex', /^(?=.*\d)(?:[0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i],
  ['ulid', /^[0-7](?=.*\d)[0-9A-HJKMNP-TV-Z]{25}$/],
  ['base62', /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[0-9A-Za-z]{22}$/],
];

/** Counts of a form by its place in a list. */
class Tally {
  readonly counts: Float64Array;

  constructor(forms: number) {
    this.counts = new Float64Array(forms);
  }

  merge(other: Tally): void {
    for (const [form, count] of other.counts.entries()) this.counts[form] += count;
  }

  /** The most frequent, the first of equal ones. */
  get first(): number {
    return this.counts.reduce((best, count, form) => (count > this.counts[best] ? form : best), 0);
  }
}

/**
 * The semantic domain of one feature of texts or integers, by all its values: a feature of at least 100 of which at least 80%
 * match has it. Times (in one format of strptime, or a unit of Unix time between 1990 and 2030) and natural language are
 * told as TensorFlow Data Validation tells them, but for its taking the first 100 values of each batch for language. URLs and
 * the MIDs of the Knowledge Graph are ours. The domain goes into the custom statistic `domain_info`, from which `inferSchema`
 * takes it; the share that matched stands beside it. Identifiers have no domain in a schema: they have the statistics
 * `identifier_format` (uuid, uri, hex, ulid, base62 of 22) and `identifier_match_ratio`. Of several domains a time goes first,
 * then URL, MID, language. Adding and merging commute exactly; memory does not grow with the values.
 */
export class SemanticDomains {
  private considered = 0;
  private readonly times = new Tally(TIME_FORMATS.length);
  private readonly unixTimes = new Tally(UNIX_TIMES.length);
  private readonly identifiers = new Tally(IDENTIFIERS.length);
  private urls = 0;
  private mids = 0;
  private sentences = 0;
  /** A value is not UTF-8, or of a type that has no such domain. */
  private invalid = false;

  add(column: Column): void {
    if (column.kind === 'NULL' || this.invalid) return;
    if (column.kind === 'STRING') {
      const { coded } = column;
      if (coded) {
        const occurrences = new Map<number, number>();
        for (const code of coded.codes) occurrences.set(code, (occurrences.get(code) ?? 0) + 1);
        for (const [code, times] of occurrences) this.addText(coded.words[code], times);
      } else for (const value of column.values) this.addText(value, 1);
    } else if (column.kind === 'INT') {
      this.considered += column.values.length;
      for (const [unit, { from, to }] of UNIX_TIMES.entries())
        for (const value of column.values) if (value >= from && value < to) this.unixTimes.counts[unit]++;
    } else this.invalid = true;
  }

  /** Takes in another of the same feature, which stays as it is. */
  merge(other: SemanticDomains): void {
    this.invalid ||= other.invalid;
    this.considered += other.considered;
    this.times.merge(other.times);
    this.unixTimes.merge(other.unixTimes);
    this.identifiers.merge(other.identifiers);
    this.urls += other.urls;
    this.mids += other.mids;
    this.sentences += other.sentences;
  }

  extract(): CustomStatistic[] {
    if (this.invalid || this.considered < LEAST_VALUES) return [];
    const identifier = this.identifiers.first;
    const share = this.identifiers.counts[identifier] / this.considered;
    const identified: CustomStatistic[] =
      share >= LEAST_SHARE
        ? [
            { name: 'identifier_format', str: IDENTIFIERS[identifier][0] },
            { name: 'identifier_match_ratio', num: share },
          ]
        : [];
    const [domain] = this.domains();
    if (!domain) return identified;
    return [{ name: 'domain_info', str: domain.info }, { name: domain.ratio, num: domain.share }, ...identified];
  }

  private domains(): { info: string; ratio: string; share: number }[] {
    const time = this.times.first;
    const unit = this.unixTimes.first;
    return [
      {
        info: `time_domain {string_format: '${TIME_FORMATS[time]}'}`,
        ratio: 'time_match_ratio',
        count: this.times.counts[time],
      },
      {
        info: `time_domain {integer_format: ${UNIX_TIMES[unit].format}}`,
        ratio: 'time_match_ratio',
        count: this.unixTimes.counts[unit],
      },
      { info: 'url_domain {}', ratio: 'url_match_ratio', count: this.urls },
      { info: 'mid_domain {}', ratio: 'mid_match_ratio', count: this.mids },
      { info: 'natural_language_domain {}', ratio: 'natural_language_match_rate', count: this.sentences },
    ].flatMap(({ info, ratio, count }) => {
      const share = count / this.considered;
      return share >= LEAST_SHARE ? [{ info, ratio, share }] : [];
    });
  }

  private addText(text: string, occurrences: number): void {
    if (!isUtf8(text)) {
      this.invalid = true;
      return;
    }
    this.considered += occurrences;
    for (const rank of timeFormatsOf(text)) this.times.counts[rank] += occurrences;
    if (URL_FORM.test(text)) this.urls += occurrences;
    else if (MID_FORM.test(text)) this.mids += occurrences;
    else if (isNaturalLanguage(text)) this.sentences += occurrences;
    const identifier = IDENTIFIERS.findIndex(([, form]) => form.test(text));
    if (identifier >= 0) this.identifiers.counts[identifier] += occurrences;
  }
}
