/** Formats of dates and times, known by strptime's directives: those that TensorFlow Data Validation tells apart. */

const MONTHS = 'January|February|March|April|May|June|July|August|September|October|November|December';

/** What each directive matches. Seconds 60 and 61 are written 600 and 601, as TensorFlow Data Validation has it. */
const DIRECTIVES: Readonly<Record<string, string>> = {
  '%B': `(?:${MONTHS})`,
  '%f': '[0-9]{1,6}',
  '%d': '(?:3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])',
  '%H': '(?:2[0-3]|[0-1]\\d|\\d)',
  '%y': '\\d\\d',
  '%Y': '\\d\\d\\d\\d',
  '%m': '(?:1[0-2]|0[1-9]|[1-9])',
  '%M': '(?:[0-5]\\d|\\d)',
  '%S': '(?:60[0-1]|[0-5]\\d|\\d)',
};

const DATES = [
  '%Y-%m-%d',
  '%Y/%m/%d',
  '%Y%m%d',
  '%y-%m-%d',
  '%y/%m/%d',
  '%m-%d-%Y',
  '%m/%d/%Y',
  '%m%d%Y',
  '%m-%d-%y',
  '%m/%d/%y',
  '%d-%m-%Y',
  '%d/%m/%Y',
  '%d%m%Y',
  '%d-%B-%Y',
  '%d-%m-%y',
  '%d/%m/%y',
  '%d-%B-%y',
];

const TIMES = ['%H:%M', '%H:%M:%S', '%H:%M:%S.%f'];

/** Of two formats that as many values match the first is meant. */
export const TIME_FORMATS: readonly string[] = [
  ...DATES,
  ...TIMES,
  ...DATES.flatMap((date) => TIMES.flatMap((time) => [`${date}T${time}`, `${date} ${time}`])),
];

const RANKS: ReadonlyMap<string, number> = new Map(TIME_FORMATS.map((format, rank) => [format, rank]));

/** "April 5th, 30-September-2018 23:59:58.123456" is no longer than this. */
const LONGEST = 40;

function matcher(format: string): (text: string) => boolean {
  const escaped = format.replaceAll('.', '\\.').replace(/%\w/g, (directive) => DIRECTIVES[directive]);
  const pattern = new RegExp(`^${escaped}$`);
  return (text) => pattern.test(text);
}

const DATE_MATCHERS = DATES.map((format) => [format, matcher(format)] as const);
const TIME_MATCHERS = TIMES.map((format) => [format, matcher(format)] as const);

/** Ranks in TIME_FORMATS of the formats that a text is in; an ambiguous one is in several. */
export function timeFormatsOf(text: string): number[] {
  const first = text.charCodeAt(0);
  // All formats begin with a figure, or a blank before the day of the month.
  if (text.length > LONGEST || !((first >= 48 && first <= 57) || first === 32)) return [];
  const matching = (matchers: typeof DATE_MATCHERS, part: string): string[] =>
    matchers.flatMap(([format, matches]) => (matches(part) ? [format] : []));
  const alone = [...matching(DATE_MATCHERS, text), ...matching(TIME_MATCHERS, text)];
  // Neither a time nor what follows one has a T or a blank.
  const divide = Math.max(text.lastIndexOf('T'), text.lastIndexOf(' '));
  if (divide <= 0) return alone.map((format) => RANKS.get(format)!);
  const times = matching(TIME_MATCHERS, text.slice(divide + 1));
  const dates = times.length === 0 ? [] : matching(DATE_MATCHERS, text.slice(0, divide));
  const both = dates.flatMap((date) => times.map((time) => `${date}${text[divide]}${time}`));
  return [...alone, ...both].map((format) => RANKS.get(format)!);
}

/** From 1990 to before 2030, in the integer formats of a TimeDomain; by their numbers in the enum. */
export const UNIX_TIMES = [
  { format: 1, from: 631152000, to: 1893456000 },
  { format: 2, from: 631152000e3, to: 1893456000e3 },
  { format: 3, from: 631152000e6, to: 1893456000e6 },
  { format: 4, from: 631152000e9, to: 1893456000e9 },
] as const;
