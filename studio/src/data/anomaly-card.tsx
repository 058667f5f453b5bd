/** An anomaly in place: what is wrong, the lines of the schema that say so, and what can be done about it. */
import { useAsk } from './actions.ts';
import styles from './anomaly-card.module.css';
import { ChangeButton } from './change-button.tsx';
import { colourOf } from './colours.ts';
import { plainLines, SchemaLines } from './schema-lines.tsx';
import type { Finding } from './use-findings.ts';
import { SEVERITIES, setText, typeText } from './words.ts';

interface AnomalyCardProps {
  readonly finding: Finding;
  /** Whose feature it is stands above it already. */
  readonly withFeature: boolean;
  /** Several sets are on show: it says of which it is. */
  readonly withSet: boolean;
}

export function AnomalyCard({ finding, withFeature, withSet }: AnomalyCardProps) {
  const { anomaly, report, at } = finding;
  const { severity, short, description, slice, feature, types, schemaLines, acceptedLines } = anomaly;
  const ask = useAsk();
  return (
    <article className={styles.card} data-severity={severity} aria-label={`${SEVERITIES[severity]}: ${short}`}>
      <header>
        <span className={styles.severity}>{SEVERITIES[severity]}</span>
        <h3 title={types.map(typeText).join(', ')}>{short}</h3>
        {withFeature && feature !== '' && <code>{feature}</code>}
        {slice !== '' && <span className={styles.where}>in {slice}</span>}
        {withSet && (
          <span className={styles.where}>
            <i style={{ background: colourOf(at) }} aria-hidden="true" />
            {setText(report.set.id)}
          </span>
        )}
      </header>
      {description !== '' && <p>{description}</p>}
      {schemaLines !== '' && (
        <details className={styles.schema}>
          <summary>
            The schema says ({report.schema.name}, version {report.schema.version})
          </summary>
          <SchemaLines lines={plainLines(schemaLines)} label={`Lines of the schema: ${short}`} />
        </details>
      )}
      <div className={styles.buttons}>
        {acceptedLines !== '' && (
          <ChangeButton size="compact-sm" onClick={() => ask({ what: 'accept', finding })}>
            Accept …
          </ChangeButton>
        )}
        <ChangeButton size="compact-sm" variant="default" onClick={() => ask({ what: 'alert', finding })}>
          Alert me …
        </ChangeButton>
      </div>
    </article>
  );
}
