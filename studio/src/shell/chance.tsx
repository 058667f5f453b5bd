/** The chance that something was placed with: a bar on a logarithmic scale (0.0001 to 1), whether the policy explored there, or that nothing was drawn. */
import styles from './chance.module.css';

const DECADES = 4;

/** "12 %", "0.4 %", "1 in 3,400" */
export function chanceText(propensity: number): string {
  if (propensity >= 0.1) return `${Math.round(propensity * 100)} %`;
  if (propensity >= 0.001) return `${(propensity * 100).toPrecision(2)} %`;
  return `1 in ${Math.round(1 / propensity).toLocaleString('en')}`;
}

/** The length of a chance's bar, 0.02 to 1. */
export function chanceShare(propensity: number): number {
  return Math.min(1, Math.max(0.02, 1 + Math.log10(propensity) / DECADES));
}

interface ChanceProps {
  readonly propensity: number;
  readonly forced: boolean;
  /** The greatest propensity that anything had for the place; without it nothing is said of exploring. */
  readonly best?: number;
}

/** What was drawn though something else was more probable. */
export function isExplored({ propensity, forced, best }: Required<ChanceProps>): boolean {
  return !forced && best > propensity;
}

export function Chance({ propensity, forced, best }: ChanceProps) {
  const share = chanceShare(propensity);
  const explored = best !== undefined && isExplored({ propensity, forced, best });
  const manner =
    best === undefined ? '' : explored ? `; explored: the best had ${chanceText(best)}` : '; the most probable';
  const words = forced ? 'placed, not drawn' : `drawn with a chance of ${chanceText(propensity)}${manner}`;
  return (
    <span
      className={styles.chance}
      data-forced={forced}
      data-explored={explored}
      title={`${words} (propensity ${propensity})`}
    >
      <span className={styles.chanceBar} aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className={styles.chanceText} aria-hidden="true">
        {forced ? 'placed' : chanceText(propensity)}
      </span>
      {explored && (
        <span className={styles.explored} aria-hidden="true">
          explored
        </span>
      )}
      <span className="visually-hidden">{words}</span>
    </span>
  );
}
