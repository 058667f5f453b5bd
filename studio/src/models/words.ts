/** Models and their figures in words. */
import type { ModelSummary, Promotion, Quality } from '../../../src/server/contract.ts';

const FAMILIES: Readonly<Record<string, string>> = {
  logistic: 'Logistic regression',
  linear: 'Linear regression',
  trees: 'Boosted trees',
  network: 'Neural network',
  fm: 'Factorisation machine',
  onnx: 'ONNX model',
  ensemble: 'Bootstrap ensemble',
  calibrated: 'Calibrated model',
};

/** "Boosted trees"; the id itself of a family that is not known here. */
export function familyName(family: string): string {
  return FAMILIES[family] ?? family;
}

/** "Boosted trees, 10 members, isotonic" */
export function modelName({ family, lineage }: Pick<ModelSummary, 'family' | 'lineage'>): string {
  if (lineage === null) return familyName(family);
  const { spec } = lineage;
  const parts = [familyName(spec.family)];
  if (spec.ensemble > 1) parts.push(`${spec.ensemble} members`);
  if (spec.calibration !== 'none') parts.push(spec.calibration);
  return parts.join(', ');
}

const ORIGINS: Readonly<Record<ModelSummary['origin'], string>> = {
  trained: 'trained from decisions',
  imported: 'imported',
  history: 'first fit, from the listening history',
  online: 'learnt online',
};

export function originText(origin: ModelSummary['origin']): string {
  return ORIGINS[origin];
}

/** Does a rollback take this promotion back? Not where nothing served before, nor where it served already. */
export function canUndo({ hash, before }: Pick<Promotion, 'hash' | 'before'>): boolean {
  return before !== '' && before !== hash;
}

/** "0.6931", "–" where there is none. */
export function figureText(value: number | null, digits = 4): string {
  return value === null ? '–' : value.toFixed(digits);
}

export interface QualityMeasure {
  readonly id: keyof Quality;
  readonly name: string;
  readonly about: string;
  /** 'one': the nearer to 1, the better. */
  readonly better: 'less' | 'more' | 'one';
  readonly digits: number;
}

export const MEASURES: readonly QualityMeasure[] = [
  { id: 'logLoss', name: 'Log loss', about: 'Mean, in nats: less is better', better: 'less', digits: 4 },
  {
    id: 'auc',
    name: 'AUC',
    about: 'Chance that a rewarded card is scored above one without: 0.5 is chance',
    better: 'more',
    digits: 3,
  },
  {
    id: 'ece',
    name: 'Calibration error',
    about: 'Mean |predicted − observed| over ten bins',
    better: 'less',
    digits: 4,
  },
  { id: 'calibration', name: 'Predicted ÷ observed', about: 'In the large; 1 is calibrated', better: 'one', digits: 2 },
  { id: 'ndcg', name: 'NDCG', about: 'Of a shelf’s cards, over shelves with a reward', better: 'more', digits: 3 },
];

/** How a figure stands to a baseline's; undefined where either is missing, or they are alike to the digits on show. */
export function standing(
  { better, digits }: QualityMeasure,
  value: number | null,
  baseline: number | null,
): 'better' | 'worse' | undefined {
  if (value === null || baseline === null) return undefined;
  const gain =
    better === 'one'
      ? Math.abs(baseline - 1) - Math.abs(value - 1)
      : better === 'more'
        ? value - baseline
        : baseline - value;
  if (Math.abs(gain) < 0.5 * 10 ** -digits) return undefined;
  return gain > 0 ? 'better' : 'worse';
}
