/** A feature that was linked to, and stands above the tables: wherever it is in their order, it is at hand. */
import { Button } from '@mantine/core';
import { useEffect, useId, useRef } from 'react';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { FeatureDetail } from './feature-detail.tsx';
import type { Drawing } from './feature-plot.tsx';
import { FeatureRows } from './feature-rows.tsx';
import styles from './feature-table.module.css';
import { TableFrame, widthOf } from './table-frame.tsx';
import { useFeature } from './use-features.ts';
import type { Findings } from './use-findings.ts';

interface OpenedFeatureProps {
  readonly name: string;
  readonly sets: readonly string[];
  readonly names: readonly string[];
  readonly slice: string;
  readonly drawing: Drawing;
  readonly findings: Findings;
  readonly onClose: () => void;
}

export function OpenedFeature({ name, sets, names, slice, drawing, findings, onClose }: OpenedFeatureProps) {
  const { data: feature, error, refetch } = useFeature({ sets, slice }, name);
  const section = useRef<HTMLElement>(null);
  const detailId = useId();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one comes into view as well
  useEffect(() => {
    section.current?.scrollIntoView({ block: 'nearest' });
  }, [name]);
  return (
    <section ref={section} aria-label={`Opened: ${name}`}>
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : feature === undefined ? (
        <Skeleton heightPx={420} />
      ) : feature === null ? (
        <Message title={`No feature “${name}” here`} text="None of the chosen sets has it." remedy="">
          <Button radius="xl" variant="default" onClick={onClose}>
            All features
          </Button>
        </Message>
      ) : (
        <TableFrame kind={feature.kind} caption={<span className="visually-hidden">{name}</span>} lines={names.length}>
          <FeatureRows
            feature={feature}
            index={undefined}
            names={names}
            drawing={drawing}
            findings={findings}
            slice={slice}
            isOpen
            detailId={detailId}
            rowRef={undefined}
            onOpen={onClose}
          />
          <tbody className={styles.detail}>
            <tr>
              <td colSpan={widthOf(feature.kind, names.length)} id={detailId}>
                <FeatureDetail
                  feature={feature}
                  sets={sets}
                  names={names}
                  slice={slice}
                  drawing={drawing}
                  findings={findings}
                />
              </td>
            </tr>
          </tbody>
        </TableFrame>
      )}
    </section>
  );
}
