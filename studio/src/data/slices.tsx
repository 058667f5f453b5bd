/** A set by slices: which are covered and which are lost, and one feature in each of them as small multiples. */
import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { FeatureFigures, SlicesReport } from '../../../src/server/contract.ts';
import chips from '../shell/chips.module.css';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import table from '../shell/table.module.css';
import { countText } from '../shell/times.ts';
import { changed, type DataSearch, type SearchChange } from './address.ts';
import { AnomalyCard } from './anomaly-card.tsx';
import { fetchStatistics } from './api.ts';
import { DataLink } from './data-link.tsx';
import { FeaturePicker } from './feature-picker.tsx';
import { type Drawing, FeaturePlot } from './feature-plot.tsx';
import styles from './slices.module.css';
import { useFindings } from './use-findings.ts';
import { slicesQuery } from './use-slices.ts';
import { againstText, distanceText, figureText, lostText, setText, shareText } from './words.ts';

interface SlicesProps {
  readonly search: DataSearch;
  readonly set: string;
  readonly onSearch: (search: (now: DataSearch) => DataSearch) => void;
}

export function Slices({ search, set, onSearch }: SlicesProps) {
  const { by = '', scale = 'linear', amount = 'share', histogram = 'standard' } = search;
  // Without one in the address: the first of what is worst.
  const usual = useQuery({
    queryKey: ['data', 'usual-feature', set],
    queryFn: ({ signal }) =>
      fetchStatistics(
        { sets: [set], slice: '', search: '', kind: undefined, anomalous: false, order: 'anomalies' },
        0,
        1,
        signal,
      ),
    enabled: search.feature === undefined,
  });
  const feature = search.feature ?? usual.data?.features[0]?.name ?? '';
  const { data, error, refetch, isPlaceholderData } = useQuery({
    ...slicesQuery(set, by, feature),
    enabled: feature !== '' || usual.isFetched,
    placeholderData: keepPreviousData,
  });
  const findings = useFindings([set]);
  const change = (changes: SearchChange): void => onSearch((now) => changed(now, changes));
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined)
    return (
      <div className={styles.parts} aria-busy="true">
        <Skeleton heightPx={260} />
        <Skeleton heightPx={320} />
      </div>
    );
  const lost = findings.all.filter(({ anomaly }) => anomaly.feature === '' && anomaly.slice !== '');
  return (
    <div className={styles.parts} data-waiting={isPlaceholderData}>
      <nav className={chips.chips} aria-label="Sliced by">
        {data.slicedBy.map((one) => (
          <DataLink
            key={one}
            change={{ by: one === data.slicedBy[0] ? undefined : one }}
            current={one === data.by ? 'true' : undefined}
          >
            {one}
          </DataLink>
        ))}
      </nav>
      <Coverage report={data} lost={new Set(lost.map(({ anomaly }) => anomaly.slice))} />
      {lost.length > 0 && (
        <Panel title="Lost, and what to do" note={`by the validation of ${setText(set)}`}>
          {lost.map((finding) => (
            <AnomalyCard key={finding.anomaly.path} finding={finding} withFeature={false} withSet={false} />
          ))}
        </Panel>
      )}
      <Panel
        title={feature === '' ? 'Slice by slice' : feature}
        note="in colour the slice, in grey all rows"
        actions={
          <>
            <FeaturePicker set={set} value={feature} onPick={(name) => change({ feature: name })} />
            <NativeSelect
              aria-label="Scale"
              size="xs"
              radius="xl"
              value={scale}
              onChange={({ currentTarget: { value } }) =>
                change({ scale: value === 'log' || value === 'log-values' ? value : undefined })
              }
              data={[
                { value: 'linear', label: 'linear' },
                { value: 'log', label: 'log' },
                { value: 'log-values', label: 'log values' },
              ]}
            />
          </>
        }
      >
        <Multiples report={data} drawing={{ scale, amount, histogram }} />
      </Panel>
    </div>
  );
}

interface CoverageProps {
  readonly report: SlicesReport;
  /** Slices that the validation misses: by more than chance. */
  readonly lost: ReadonlySet<string>;
}

function Coverage({ report: { slices, set, before, by }, lost }: CoverageProps) {
  const gone = slices.filter(({ slice }) => lost.has(slice));
  if (slices.length === 0)
    return <Message title={`Nothing by ${by}`} text={`No row of ${setText(set.id)} says its ${by}.`} remedy="" />;
  const most = Math.max(...slices.flatMap(({ share, shareBefore }) => [share, shareBefore ?? 0]), Number.MIN_VALUE);
  return (
    <Panel
      title="Coverage"
      note={before === null ? 'of all rows' : `of all rows; the line is ${againstText(before.name)}`}
    >
      {gone.length > 0 && (
        <ul className={styles.lost} aria-label="Lost slices">
          {gone.map(({ slice, of, examples, examplesBefore, shareBefore }) => (
            <li key={slice}>{lostText(of, examples, examplesBefore, before?.examples ?? null, shareBefore)}</li>
          ))}
        </ul>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={table.frame} aria-label={`Slices by ${by}`} tabIndex={0}>
        <table className={table.table}>
          <caption className="visually-hidden">Rows and shares of each slice, now and in the span before</caption>
          <thead>
            <tr>
              <th scope="col">{by}</th>
              <th scope="col">
                <span className="visually-hidden">Its share as a bar</span>
              </th>
              <th scope="col">Rows</th>
              <th scope="col">Share</th>
              <th scope="col">Before</th>
            </tr>
          </thead>
          <tbody>
            {slices.map((one) => (
              <tr key={one.slice} data-lost={lost.has(one.slice)} className={styles.slice}>
                <th scope="row">
                  <DataLink change={{ part: undefined, slice: one.slice, feature: undefined }} isStep>
                    {one.of === '' ? 'not known' : one.of}
                  </DataLink>
                </th>
                <td className={styles.barCell}>
                  <span className={styles.bar} aria-hidden="true">
                    <i style={{ width: `${(100 * one.share) / most}%` }} />
                    {one.shareBefore !== null && <b style={{ left: `${(100 * one.shareBefore) / most}%` }} />}
                  </span>
                </td>
                <td>{figureText(one.examples)}</td>
                <td>{shareText(one.share)}</td>
                <td>{one.shareBefore === null ? '–' : shareText(one.shareBefore)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

/** The slice over all rows: both of their own shares. */
function Multiples({ report, drawing }: { readonly report: SlicesReport; readonly drawing: Drawing }) {
  const { overall, slices, feature, by } = report;
  if (feature === '' || overall === null)
    return <p className={styles.none}>{feature === '' ? 'There is no feature yet.' : 'This set lacks the feature.'}</p>;
  const kind = kindOf(overall);
  return (
    <ul className={styles.multiples} aria-label={`${feature} by ${by}`}>
      {slices.map(({ slice, of, examples, figures, divergence }) => (
        <li key={slice}>
          <h3>
            <DataLink change={{ part: undefined, slice, feature }} isStep>
              {of === '' ? 'not known' : of}
            </DataLink>
          </h3>
          <p className={styles.note}>
            {countText(examples, 'row')}
            {divergence === null ? '' : ` · apart ${distanceText(divergence)}`}
            {figures === null ? '' : ` · ${briefText(figures)}`}
          </p>
          <div className={styles.plot}>
            {figures === null ? (
              <p className={styles.none}>{examples === 0 ? 'No rows' : 'Not in this slice'}</p>
            ) : (
              <FeaturePlot
                feature={{ name: feature, kind, sides: [figures, overall] }}
                names={[of, 'all rows']}
                drawing={drawing}
                values={5}
              />
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function kindOf({ numeric, categorical }: FeatureFigures): 'numeric' | 'categorical' | 'other' {
  if (numeric !== null) return 'numeric';
  return categorical === null ? 'other' : 'categorical';
}

/** "mean 0.41", "3 values", with what is missing where it is much. */
function briefText({ numeric, categorical, missingShare }: FeatureFigures): string {
  const missing = missingShare >= 0.005 ? `, ${shareText(missingShare)} missing` : '';
  if (numeric !== null) return `mean ${figureText(numeric.mean)}${missing}`;
  return `${categorical === null ? '' : countText(categorical.unique, 'value')}${missing}`;
}
