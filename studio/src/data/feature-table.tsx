/** Features of one kind as a table: figures a set, and the distributions over each other. Only what is in view is in the document. */
import { Fragment, type RefObject, useEffect, useId, useRef, useState } from 'react';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { Skeleton } from '../shell/states.tsx';
import type { FeatureQuestion } from './api.ts';
import { KIND_NAMES } from './columns.ts';
import { FeatureDetail } from './feature-detail.tsx';
import type { Drawing } from './feature-plot.tsx';
import { FeatureRows } from './feature-rows.tsx';
import styles from './feature-table.module.css';
import { TableFrame, widthOf } from './table-frame.tsx';
import { useFeatures } from './use-features.ts';
import type { Findings } from './use-findings.ts';
import { useRowWindow } from './use-row-window.ts';

interface FeatureTableProps {
  readonly kind: ComparedFigures['kind'];
  readonly question: FeatureQuestion;
  readonly total: number;
  /** Of the sets, in their order. */
  readonly names: readonly string[];
  readonly drawing: Drawing;
  readonly findings: Findings;
  readonly open: string | undefined;
  readonly onOpen: (feature: string | undefined) => void;
  /** What is shown is of the question before. */
  readonly isWaiting: boolean;
}

/** Of a feature, before the first was measured: on a phone it is more. */
const ROW_PX = 97;

/** Height of an element that comes and goes, 0 while it is away. */
function useHeight(): readonly [number, (element: HTMLElement | null) => void] {
  const [height, setHeight] = useState(0);
  const watching = useRef<ResizeObserver>(undefined);
  const [watch] = useState(() => (element: HTMLElement | null) => {
    watching.current?.disconnect();
    if (element === null) return;
    watching.current = new ResizeObserver(() => setHeight(element.getBoundingClientRect().height));
    watching.current.observe(element);
  });
  return [height, watch];
}

export function FeatureTable(props: FeatureTableProps) {
  const { kind, question, total, names, drawing, findings, open, onOpen, isWaiting } = props;
  const start = useRef<HTMLTableSectionElement>(null);
  const row = useRef<HTMLTableSectionElement>(null);
  const [detailPx, watchDetail] = useHeight();
  const detailId = useId();
  const asked = JSON.stringify([question, open]);
  const [opened, setOpened] = useState<{ readonly asked: string; readonly at: number }>();
  const view = useRowWindow(start, row, {
    count: total,
    estimatePx: ROW_PX,
    openAt: opened?.asked === asked ? opened.at : undefined,
    openPx: detailPx,
  });
  const featureAt = useFeatures(question, view.from, view.to);
  const shown = Array.from({ length: view.to - view.from }, (_, at) => view.from + at);
  const found = open === undefined ? undefined : shown.find((index) => featureAt(index)?.name === open);
  useEffect(() => {
    if (found !== undefined)
      setOpened((now) => (now?.asked === asked && now.at === found ? now : { asked, at: found }));
  }, [asked, found]);
  const width = widthOf(kind, names.length);
  return (
    <TableFrame
      kind={kind}
      caption={
        <>
          {KIND_NAMES[kind]} <span>{total.toLocaleString('en')}</span>
        </>
      }
      lines={names.length}
      rowCount={total * names.length}
      isWaiting={isWaiting}
    >
      <Gap heightPx={view.beforePx} width={width} edge={start} />
      {shown.map((index) => {
        const feature = featureAt(index);
        const rowRef = index === view.from ? row : undefined;
        if (feature === undefined)
          return (
            <tbody key={`place ${index}`} ref={rowRef} className={styles.feature} aria-busy="true">
              <tr className={styles.awaited}>
                <td colSpan={width}>
                  <Skeleton heightPx={36} />
                </td>
              </tr>
            </tbody>
          );
        const isOpen = feature.name === open;
        return (
          <Fragment key={feature.name}>
            <FeatureRows
              feature={feature}
              index={index}
              names={names}
              drawing={drawing}
              findings={findings}
              slice={question.slice}
              isOpen={isOpen}
              detailId={detailId}
              rowRef={rowRef}
              onOpen={onOpen}
            />
            {isOpen && (
              <tbody ref={watchDetail} className={styles.detail}>
                <tr>
                  <td colSpan={width} id={detailId}>
                    <FeatureDetail
                      feature={feature}
                      sets={question.sets}
                      names={names}
                      slice={question.slice}
                      drawing={drawing}
                      findings={findings}
                    />
                  </td>
                </tr>
              </tbody>
            )}
          </Fragment>
        );
      })}
      <Gap heightPx={view.afterPx} width={width} />
    </TableFrame>
  );
}

interface GapProps {
  readonly heightPx: number;
  readonly width: number;
  readonly edge?: RefObject<HTMLTableSectionElement | null>;
}

/** In the place of rows that are not in the document. */
function Gap({ heightPx, width, edge }: GapProps) {
  return (
    <tbody ref={edge} aria-hidden="true" className={styles.gap}>
      <tr style={{ height: heightPx }}>
        <td colSpan={width} style={{ height: heightPx }} />
      </tr>
    </tbody>
  );
}
