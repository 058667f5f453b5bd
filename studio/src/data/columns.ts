/** Columns of the tables, by kind of feature: the words of the report that `shelfwise data show` writes. */
import type { ComparedFigures, FeatureFigures } from '../../../src/server/contract.ts';
import { figureText, HIGH_SHARE, shareText } from './words.ts';

export interface Column {
  readonly name: string;
  readonly about: string;
  /** "–" where there is none. */
  readonly text: (side: FeatureFigures) => string;
  /** Worth a second look. */
  readonly isHigh?: (side: FeatureFigures) => boolean;
}

const COMMON: readonly Column[] = [
  { name: 'Count', about: 'Rows that have it', text: ({ present }) => figureText(present) },
  {
    name: 'Missing',
    about: 'Share of rows that lack it',
    text: ({ missingShare }) => shareText(missingShare),
    isHigh: ({ missingShare }) => missingShare >= HIGH_SHARE,
  },
];

const NUMERIC: readonly Column[] = [
  ...COMMON,
  { name: 'Mean', about: 'Of all values', text: ({ numeric }) => figureText(numeric?.mean) },
  { name: 'Std dev', about: 'Standard deviation', text: ({ numeric }) => figureText(numeric?.stdDev) },
  {
    name: 'Zeros',
    about: 'Share of values that are 0',
    text: ({ numeric, values }) => (numeric === null || values === 0 ? '–' : shareText(numeric.zeroShare)),
    isHigh: ({ numeric }) => (numeric?.zeroShare ?? 0) >= HIGH_SHARE,
  },
  { name: 'Min', about: 'The least value', text: ({ numeric }) => figureText(numeric?.min) },
  { name: 'Median', about: 'Half of the values are less', text: ({ numeric }) => figureText(numeric?.median) },
  { name: 'Max', about: 'The largest value', text: ({ numeric }) => figureText(numeric?.max) },
];

function top({ categorical }: FeatureFigures) {
  return categorical?.top[0];
}

const CATEGORICAL: readonly Column[] = [
  ...COMMON,
  { name: 'Unique', about: 'Distinct values', text: ({ categorical }) => figureText(categorical?.unique) },
  {
    name: 'Top',
    about: 'The most frequent value',
    text: (side) => (top(side)?.value === '' ? 'empty' : (top(side)?.value ?? '–')),
  },
  {
    name: 'Top share',
    about: 'Of all values',
    text: (side) => (side.values === 0 ? '–' : shareText((top(side)?.count ?? 0) / side.values)),
  },
  { name: 'Mean length', about: 'Characters', text: ({ categorical }) => figureText(categorical?.avgLength) },
];

const OTHER: readonly Column[] = [
  ...COMMON,
  { name: 'Values', about: 'In all rows', text: ({ values }) => figureText(values) },
];

export const COLUMNS: Readonly<Record<ComparedFigures['kind'], readonly Column[]>> = {
  numeric: NUMERIC,
  categorical: CATEGORICAL,
  other: OTHER,
};

export const KIND_NAMES: Readonly<Record<ComparedFigures['kind'], string>> = {
  numeric: 'Numeric features',
  categorical: 'Categorical features',
  other: 'Other features',
};
