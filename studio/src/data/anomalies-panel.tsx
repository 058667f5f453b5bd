/** What is wrong with the sets on show: with whole sets and slices in full, of features by name. */
import { Panel } from '../shell/panel.tsx';
import { problemOf } from '../shell/states.tsx';
import { countText } from '../shell/times.ts';
import styles from './anomalies-panel.module.css';
import { AnomalyCard } from './anomaly-card.tsx';
import { DataLink } from './data-link.tsx';
import type { Finding, Findings } from './use-findings.ts';
import { setText } from './words.ts';

interface AnomaliesPanelProps {
  readonly findings: Findings;
  readonly sets: readonly string[];
}

/** Named here; all are below, with “Only anomalies”. */
const MOST_NAMED = 24;
const MOST_WHOLE = 12;

interface Named {
  readonly feature: string;
  readonly severity: Finding['anomaly']['severity'];
  readonly shorts: readonly string[];
}

function byFeature(findings: readonly Finding[]): readonly Named[] {
  const groups = Map.groupBy(findings, ({ anomaly }) => anomaly.feature);
  return [...groups].map(([feature, of]) => ({
    feature,
    // They are sorted: the first is the worst.
    severity: of[0]?.anomaly.severity ?? 'info',
    shorts: [
      ...new Set(of.map(({ anomaly }) => `${anomaly.short}${anomaly.slice === '' ? '' : ` in ${anomaly.slice}`}`)),
    ],
  }));
}

export function AnomaliesPanel({ findings, sets }: AnomaliesPanelProps) {
  const whole = findings.all.filter(({ anomaly }) => anomaly.feature === '');
  const named = byFeature(findings.all.filter(({ anomaly }) => anomaly.feature !== ''));
  if (findings.failure !== null)
    return (
      <p className={styles.calm} role="status">
        What is wrong with these sets is not known: {problemOf(findings.failure).message}
      </p>
    );
  if (findings.all.length === 0)
    return findings.isPending ? null : (
      <p className={styles.calm} role="status">
        Nothing is wrong with {sets.length === 1 ? `${setText(sets[0] ?? '')}` : 'these sets'}, as far as the schema and
        the spans before can tell.
      </p>
    );
  return (
    <Panel title="Anomalies" note={`${countText(findings.all.length, 'finding')} in ${countText(sets.length, 'set')}`}>
      {whole.slice(0, MOST_WHOLE).map((finding) => (
        <AnomalyCard
          key={`${finding.report.set.id} ${finding.anomaly.path}`}
          finding={finding}
          withFeature={false}
          withSet={sets.length > 1}
        />
      ))}
      {whole.length > MOST_WHOLE && (
        <p className={styles.calm}>And {whole.length - MOST_WHOLE} more of whole slices.</p>
      )}
      {named.length > 0 && (
        <ul className={styles.names} aria-label="Features with anomalies">
          {named.slice(0, MOST_NAMED).map(({ feature, severity, shorts }) => (
            <li key={feature}>
              <DataLink change={{ feature }} severity={severity} title={shorts.join('\n')}>
                <bdi>{feature}</bdi>
                <span>
                  {shorts[0]}
                  {shorts.length > 1 && ` +${shorts.length - 1}`}
                </span>
              </DataLink>
            </li>
          ))}
          {named.length > MOST_NAMED && (
            <li>
              <DataLink change={{ anomalous: true }}>
                and {(named.length - MOST_NAMED).toLocaleString('en')} more features
              </DataLink>
            </li>
          )}
        </ul>
      )}
    </Panel>
  );
}
