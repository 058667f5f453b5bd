/** Features of the chosen sets, as in Facets Overview: tables of figures, distributions over each other, and what is wrong in place. */
import { useCallback, useMemo, useRef, useState } from 'react';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { countText } from '../shell/times.ts';
import { changed, type DataSearch, KINDS, orderOf, type SearchChange } from './address.ts';
import { AnomaliesPanel } from './anomalies-panel.tsx';
import type { FeatureQuestion } from './api.ts';
import type { Drawing } from './feature-plot.tsx';
import { FeatureTable } from './feature-table.tsx';
import { FeatureTools } from './feature-tools.tsx';
import styles from './features.module.css';
import { OpenedFeature } from './opened-feature.tsx';
import { useFeatureKeys } from './use-feature-keys.ts';
import { useFirstPages } from './use-features.ts';
import { type Findings, useFindings } from './use-findings.ts';
import { useSliceGroups } from './use-slices.ts';
import { shortNames } from './words.ts';

interface FeaturesProps {
  readonly search: DataSearch;
  readonly sets: readonly string[];
  readonly onSearch: (search: (now: DataSearch) => DataSearch) => void;
}

export function Features({ search, sets, onSearch }: FeaturesProps) {
  const { q = '', slice = '', anomalous = false, scale = 'linear', amount = 'share', histogram = 'standard' } = search;
  const field = useRef<HTMLInputElement>(null);
  /** Opened in its table, and not by a link: it stays in its place. */
  const [inPlace, setInPlace] = useState<string>();
  const findings = useFindings(sets);
  const slices = useSliceGroups(sets[0] ?? '');
  const names = useMemo(() => shortNames(sets), [sets]);
  const drawing = useMemo<Drawing>(() => ({ scale, amount, histogram }), [scale, amount, histogram]);
  const order = orderOf(search, sets);
  const question = useMemo(() => ({ sets, slice, search: q, anomalous, order }), [sets, slice, q, anomalous, order]);
  const change = useCallback((changes: SearchChange) => onSearch((now) => changed(now, changes)), [onSearch]);
  const open = useCallback(
    (feature: string | undefined) => {
      setInPlace(feature);
      change({ feature });
    },
    [change],
  );
  useFeatureKeys(field, search.feature, open);
  const linked = search.feature === inPlace ? undefined : search.feature;
  return (
    <>
      <AnomaliesPanel findings={findings} sets={sets} />
      {linked !== undefined && (
        <OpenedFeature
          name={linked}
          sets={sets}
          names={names}
          slice={slice}
          drawing={drawing}
          findings={findings}
          onClose={() => open(undefined)}
        />
      )}
      <FeatureTools
        search={search}
        order={order}
        isCompared={sets.length > 1}
        slices={slices}
        field={field}
        onChange={change}
      />
      <Tables
        kinds={search.kind === undefined ? KINDS : [search.kind]}
        question={question}
        names={names}
        drawing={drawing}
        findings={findings}
        open={linked === undefined ? search.feature : undefined}
        onOpen={open}
      />
    </>
  );
}

interface TablesProps {
  readonly kinds: readonly ComparedFigures['kind'][];
  readonly question: Omit<FeatureQuestion, 'kind'>;
  readonly names: readonly string[];
  readonly drawing: Drawing;
  readonly findings: Findings;
  readonly open: string | undefined;
  readonly onOpen: (feature: string | undefined) => void;
}

function Tables({ kinds, question, ...shown }: TablesProps) {
  const pages = useFirstPages(kinds.map((kind) => ({ ...question, kind })));
  const failed = pages.find(({ error }) => error !== null);
  if (failed !== undefined) return <Failure failure={failed.error} onRetry={() => void failed.refetch()} />;
  if (pages.some(({ data }) => data === undefined))
    return (
      <div className={styles.tables} aria-busy="true">
        <Skeleton heightPx={540} />
      </div>
    );
  const total = pages.reduce((sum, { data }) => sum + (data?.total ?? 0), 0);
  if (total === 0) return <NothingFound question={question} />;
  return (
    <div className={styles.tables}>
      <p className={styles.count} role="status">
        {countText(total, 'feature')}
        {question.slice !== '' && ` in ${question.slice}`}
        {question.search !== '' && ` with “${question.search}” in the name`}
      </p>
      {kinds.map((kind, at) => {
        const page = pages[at];
        return page?.data === undefined || page.data.total === 0 ? null : (
          <FeatureTable
            key={kind}
            kind={kind}
            question={{ ...question, kind }}
            total={page.data.total}
            isWaiting={page.isPlaceholderData}
            {...shown}
          />
        );
      })}
    </div>
  );
}

function NothingFound({
  question: { search, anomalous, slice },
}: {
  readonly question: Omit<FeatureQuestion, 'kind'>;
}) {
  if (search !== '')
    return <Message title={`No feature with “${search}” in its name`} text="" remedy="Less of the name finds more." />;
  if (anomalous)
    return <Message title="No feature has an anomaly" text="Nothing is wrong with any of them." remedy="" />;
  return (
    <Message
      title="No features here"
      text={slice === '' ? 'These sets have no rows yet.' : `The first set has no rows in ${slice}.`}
      remedy="Choose another span, or all rows."
    />
  );
}
