/** Where the time of the last minute's requests went. */
import type { LiveInsights, LiveStage } from '../../../src/server/contract.ts';
import { Panel } from '../shell/panel.tsx';
import table from '../shell/table.module.css';
import { msText } from './amounts.ts';
import styles from './stages.module.css';

interface Told {
  readonly name: string;
  /** Below which other it stands. */
  readonly within?: LiveStage;
}

const STAGES: Readonly<Record<LiveStage, Told>> = {
  http: { name: 'Any request' },
  home: { name: 'A Home' },
  state: { name: 'state', within: 'home' },
  taste: { name: 'taste', within: 'home' },
  view: { name: 'view', within: 'home' },
  sources: { name: 'sources', within: 'home' },
  filters: { name: 'filters', within: 'home' },
  'score-and-draw': { name: 'score and draw', within: 'home' },
  'record-and-render': { name: 'record and render', within: 'home' },
  ingest: { name: 'An envelope of events' },
};

/** Where a time stands between 10 µs and 1 s, by its logarithm. */
function placeOf(ms: number): number {
  return Math.min(1, Math.max(0, (Math.log10(ms) + 2) / 5));
}

export function Stages({ minute }: { readonly minute: LiveInsights['lastMinute'] }) {
  return (
    <Panel
      title="Where the time goes"
      note="the last minute; bars from the median to the 99th percentile, 10 µs to 1 s"
      wide
    >
      <div className={styles.scroll}>
        <table className={`${table.table} ${styles.stages}`}>
          <caption className="visually-hidden">Latencies by stage over the last minute</caption>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">
                <span className="visually-hidden">From the median to the 99th percentile as a bar</span>
              </th>
              <th scope="col">p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col">Times</th>
            </tr>
          </thead>
          <tbody>
            {minute.stages.map(({ stage, count, p50Ms, p95Ms, p99Ms }) => {
              const { name, within } = STAGES[stage];
              return (
                <tr key={stage} data-within={within !== undefined}>
                  <th scope="row">{name}</th>
                  <td className={styles.barCell}>
                    <span className={styles.bar} aria-hidden="true">
                      {p50Ms !== null && p95Ms !== null && p99Ms !== null && (
                        <>
                          <span
                            style={{
                              left: `${placeOf(p50Ms) * 100}%`,
                              width: `${Math.max(0.01, placeOf(p99Ms) - placeOf(p50Ms)) * 100}%`,
                            }}
                          />
                          <i style={{ left: `${placeOf(p95Ms) * 100}%` }} />
                        </>
                      )}
                    </span>
                  </td>
                  <td>{msText(p50Ms)}</td>
                  <td>{msText(p95Ms)}</td>
                  <td>{msText(p99Ms)}</td>
                  <td>{count.toLocaleString('en')}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
