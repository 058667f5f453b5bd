/** What a feature opens: what is wrong with it, its distribution in full, every value or bucket in numbers, and how it drifted. */
import { useQuery } from '@tanstack/react-query';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { Skeleton } from '../shell/states.tsx';
import table from '../shell/table.module.css';
import { countText } from '../shell/times.ts';
import { streamOf } from './address.ts';
import { AnomalyCard } from './anomaly-card.tsx';
import { fetchTimeline } from './api.ts';
import { colourOf } from './colours.ts';
import { DataLink } from './data-link.tsx';
import { bucketsOf, valueRows } from './distribution.ts';
import { DistributionChart } from './distribution-chart.tsx';
import { DriftChart } from './drift-chart.tsx';
import styles from './feature-detail.module.css';
import type { Drawing } from './feature-plot.tsx';
import type { Findings } from './use-findings.ts';
import { againstText, distanceText, figureText, MEASURES, setText, shareText } from './words.ts';

interface FeatureDetailProps {
  readonly feature: ComparedFigures;
  readonly sets: readonly string[];
  readonly names: readonly string[];
  readonly slice: string;
  readonly drawing: Drawing;
  readonly findings: Findings;
}

const SPANS = 30;
const NAMESAKES = 100;
const DRIFT_PX = 130;

export function FeatureDetail({ feature, sets, names, slice, drawing, findings }: FeatureDetailProps) {
  const { name, kind } = feature;
  const wrong = findings.of(name, slice);
  const elsewhere = findings.elsewhere(name, slice);
  const isCompared = names.length > 1;
  return (
    <div className={styles.detail}>
      {(wrong.length > 0 || elsewhere.length > 0) && (
        <div className={styles.anomalies}>
          {[...wrong, ...elsewhere].map((finding) => (
            <AnomalyCard
              key={`${finding.report.set.id} ${finding.anomaly.path}`}
              finding={finding}
              withFeature={false}
              withSet={isCompared}
            />
          ))}
        </div>
      )}
      <div className={styles.columns}>
        <section aria-label={`Distribution of ${name}`}>
          <h3>Distribution</h3>
          {kind === 'numeric' ? (
            <DistributionChart feature={feature} names={names} drawing={drawing} />
          ) : kind === 'categorical' ? (
            <Values feature={feature} names={names} />
          ) : (
            <p className={styles.none}>Values of this type have no distribution that could be drawn.</p>
          )}
          {kind === 'numeric' && <Buckets feature={feature} names={names} drawing={drawing} />}
        </section>
        <section aria-label={`Drift of ${name}`}>
          <h3>Drift</h3>
          <Drift name={name} stream={streamOf(sets[0] ?? '')} slice={slice} />
          <Distances name={name} slice={slice} findings={findings} />
          <p>
            <DataLink change={{ part: 'slices', feature: name }} isStep className={styles.more}>
              Slice by slice
            </DataLink>
          </p>
        </section>
      </div>
    </div>
  );
}

function Drift({ name, stream, slice }: { readonly name: string; readonly stream: string; readonly slice: string }) {
  const { data, error } = useQuery({
    queryKey: ['data', 'timeline', { stream, slice, search: name, spans: SPANS, limit: NAMESAKES }],
    queryFn: ({ signal }) => fetchTimeline({ stream, slice, search: name, spans: SPANS, limit: NAMESAKES }, signal),
  });
  if (error !== null) return <p className={styles.none}>{error.message}</p>;
  if (data === undefined) return <Skeleton heightPx={DRIFT_PX} />;
  const feature = data.features.find((one) => one.name === name);
  if (feature === undefined || data.sets.length < 2)
    return <p className={styles.none}>There is one span of it yet; drift is between two.</p>;
  return <DriftChart feature={feature} sets={data.sets} heightPx={DRIFT_PX} />;
}

interface DistancesProps {
  readonly name: string;
  readonly slice: string;
  readonly findings: Findings;
}

/** Every distance that was measured of it, high or not; of other slices behind a click, for there may be many. */
function Distances({ name, slice, findings }: DistancesProps) {
  const measured = findings.distances(name);
  const here = measured.filter((one) => one.slice === slice);
  const elsewhere = measured.filter((one) => one.slice !== slice);
  const high = elsewhere.filter(({ distance, threshold }) => distance > threshold).length;
  return (
    <>
      <DistanceList distances={here} />
      {elsewhere.length > 0 && (
        <details className={styles.numbers}>
          <summary>
            {countText(elsewhere.length, 'distance')} in {slice === '' ? 'slices' : 'other slices, and all rows'}
            {high > 0 && `, ${high} of them above the threshold`}
          </summary>
          <DistanceList distances={elsewhere} />
        </details>
      )}
    </>
  );
}

function DistanceList({ distances }: { readonly distances: ReturnType<Findings['distances']> }) {
  if (distances.length === 0) return null;
  return (
    <ul className={styles.distances}>
      {distances.map(({ set, slice, kind, measure, distance, threshold, against }) => (
        <li key={`${set} ${slice} ${kind} ${measure}`} data-high={distance > threshold}>
          <b>{distanceText(distance)}</b> of {figureText(threshold)} · {kind} of {setText(set)}
          {slice === '' ? '' : ` in ${slice}`} against {againstText(against)} ({MEASURES[measure] ?? measure})
        </li>
      ))}
    </ul>
  );
}

function SetHeads({ names, columns }: { readonly names: readonly string[]; readonly columns: number }) {
  return names.map((name, at) => (
    <th key={name} scope="colgroup" colSpan={columns}>
      <i className={styles.dot} style={{ background: colourOf(at) }} aria-hidden="true" />
      {name}
    </th>
  ));
}

function Values({ feature, names }: { readonly feature: ComparedFigures; readonly names: readonly string[] }) {
  const rows = valueRows(feature.sides);
  if (rows.length === 0) return <p className={styles.none}>No values.</p>;
  const peak = Math.max(...rows.flatMap(({ shares }) => shares.map((share) => share ?? 0)), Number.MIN_VALUE);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${table.frame} ${styles.frame}`} aria-label={`Values of ${feature.name}`} tabIndex={0}>
      <table className={table.table}>
        <caption className="visually-hidden">The most frequent values, with how often each came</caption>
        <thead>
          <tr>
            <th scope="col">Value</th>
            <SetHeads names={names} columns={2} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ value, counts, shares }) => (
            <tr key={value}>
              <th scope="row" className={styles.value} title={value}>
                <bdi>{value === '' ? <i>empty</i> : value}</bdi>
              </th>
              {counts.map((count, at) => {
                const share = shares[at] ?? 0;
                return [
                  // biome-ignore lint/suspicious/noArrayIndexKey: a set is its place
                  <td key={`count ${at}`}>{count === null ? '–' : figureText(count)}</td>,
                  // biome-ignore lint/suspicious/noArrayIndexKey: a set is its place
                  <td key={`share ${at}`} className={styles.share}>
                    {count === null ? '–' : shareText(share)}
                    <i
                      style={{ width: `${((100 * share) / peak).toFixed(1)}%`, background: colourOf(at) }}
                      aria-hidden="true"
                    />
                  </td>,
                ];
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Buckets({
  feature,
  names,
  drawing,
}: {
  readonly feature: ComparedFigures;
  readonly names: readonly string[];
  readonly drawing: Drawing;
}) {
  return (
    <details className={styles.numbers}>
      <summary>In numbers</summary>
      <div className={styles.tables}>
        {feature.sides.map((side, at) => {
          const buckets = side === null ? [] : bucketsOf(side, drawing.histogram);
          if (buckets.length === 0) return null;
          return (
            <table key={names[at]} className={table.table}>
              <caption>
                <i className={styles.dot} style={{ background: colourOf(at) }} aria-hidden="true" />
                {names[at]}
              </caption>
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col">To</th>
                  <th scope="col">Values</th>
                </tr>
              </thead>
              <tbody>
                {buckets.map(({ from, to, count }, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: buckets do not move, and some begin where others do
                  <tr key={index}>
                    <th scope="row">{figureText(from)}</th>
                    <td>{figureText(to)}</td>
                    <td>{figureText(Math.round(count))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        })}
      </div>
    </details>
  );
}
