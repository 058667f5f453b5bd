/** The chance that something was placed with: a bar on a logarithmic scale (0.0001 to 1), or that nothing was drawn. */
import styles from './chance.module.css';

const DECADES = 4;

function chanceText(propensity: number): string {
  if (propensity >= 0.1) return `${Math.round(propensity * 100)} %`;
  if (propensity >= 0.001) return `${(propensity * 100).toPrecision(2)} %`;
  return `1 in ${Math.round(1 / propensity).toLocaleString('en')}`;
}

export function Chance({ propensity, forced }: { readonly propensity: number; readonly forced: boolean }) {
  const share = Math.min(1, Math.max(0.02, 1 + Math.log10(propensity) / DECADES));
  const words = forced ? 'placed, not drawn' : `drawn with a chance of ${chanceText(propensity)}`;
  return (
    <span className={styles.chance} data-forced={forced} title={`${words} (propensity ${propensity})`}>
      <span className={styles.chanceBar} aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className={styles.chanceText} aria-hidden="true">
        {forced ? 'placed' : chanceText(propensity)}
      </span>
      <span className="visually-hidden">{words}</span>
    </span>
  );
}
