/** What was promoted in place of what: the way back, as a setting of the metadata. */
import type { Metadata } from '../../store/index.ts';
import type { LearnerStand } from './promote.ts';

export interface PastPromotion {
  readonly atMs: number;
  /** What was promoted. */
  readonly hash: string;
  /** What served before; '' where nothing did. */
  readonly before: string;
  /** And what its learner had come to. */
  readonly stand: LearnerStand;
}

const SETTING = 'model-promotions';
/** So far back a rollback goes; the epochs of these are kept. */
const KEPT = 10;

/** Oldest first. */
export async function pastPromotions(settings: Metadata['settings']): Promise<readonly PastPromotion[]> {
  const stored = await settings.get(SETTING);
  return stored === undefined ? [] : (JSON.parse(stored) as readonly PastPromotion[]);
}

/** What was promoted while it served is no step: the way back from it is that of the promotion before. */
export async function writePromotions(
  settings: Metadata['settings'],
  promotions: readonly PastPromotion[],
): Promise<void> {
  const steps = promotions.filter(({ hash, before }) => hash !== before);
  await settings.set(SETTING, JSON.stringify(steps.slice(-KEPT)));
}

/** Epochs that a rollback may want. */
export function hashesOf(promotions: readonly PastPromotion[]): string[] {
  return promotions
    .flatMap(({ hash, before, stand }) => [hash, before, stand.learnerHash])
    .filter((hash) => hash !== '');
}
