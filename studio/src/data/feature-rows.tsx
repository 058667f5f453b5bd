/** A feature in its table: a line a set, its name and its distribution beside all of them. */
import { memo, type RefObject } from 'react';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { ChevronIcon } from '../shell/icons.tsx';
import { colourOf } from './colours.ts';
import { COLUMNS } from './columns.ts';
import { type Drawing, FeaturePlot } from './feature-plot.tsx';
import styles from './feature-table.module.css';
import type { Findings } from './use-findings.ts';
import { distanceText } from './words.ts';

interface FeatureRowsProps {
  readonly feature: ComparedFigures;
  /** Its place among all, from 0; undefined where it stands by itself. */
  readonly index: number | undefined;
  readonly names: readonly string[];
  readonly drawing: Drawing;
  readonly findings: Findings;
  readonly slice: string;
  readonly isOpen: boolean;
  readonly detailId: string;
  readonly rowRef: RefObject<HTMLTableSectionElement | null> | undefined;
  readonly onOpen: (feature: string | undefined) => void;
}

/** Drawn anew only when something of it has changed, not whenever the page scrolls. */
export const FeatureRows = memo(function FeatureRows(props: FeatureRowsProps) {
  const { feature, index, names, drawing, findings, slice, isOpen, detailId, rowRef, onOpen } = props;
  const columns = COLUMNS[feature.kind];
  const isCompared = names.length > 1;
  const lines = names.length;
  const [worst, ...others] = findings.of(feature.name, slice);
  const type = [...new Set(feature.sides.flatMap((side) => (side === null ? [] : [side.type])))].join(' → ');
  const distance = Math.max(feature.divergence ?? -1, feature.linf ?? -1);
  return (
    <tbody ref={rowRef} className={styles.feature} data-feature={feature.name} data-open={isOpen}>
      {names.map((name, at) => {
        const side = feature.sides[at] ?? null;
        return (
          <tr key={name} aria-rowindex={index === undefined ? undefined : index * lines + at + 2}>
            {at === 0 && (
              <th scope="rowgroup" rowSpan={lines} className={styles.name}>
                <button
                  type="button"
                  aria-expanded={isOpen}
                  aria-controls={isOpen ? detailId : undefined}
                  data-opens={feature.name}
                  onClick={() => onOpen(isOpen ? undefined : feature.name)}
                >
                  <bdi className={styles.title} title={feature.name}>
                    {feature.name}
                  </bdi>
                  <ChevronIcon to="down" />
                </button>
                <span className={styles.facts}>
                  {type.toLowerCase()}
                  {isCompared && distance >= 0 && (
                    <span title="The largest distance of values from the first set, from 0 to 1">
                      {' '}
                      · apart {distanceText(distance)}
                    </span>
                  )}
                </span>
                {worst !== undefined && (
                  <span className={styles.finding} data-severity={worst.anomaly.severity}>
                    <span>{worst.anomaly.short}</span>
                    {others.length > 0 && <span className={styles.more}>+{others.length}</span>}
                  </span>
                )}
              </th>
            )}
            {isCompared && (
              <th scope="row" className={styles.set}>
                <span className={styles.dot} style={{ background: colourOf(at) }} aria-hidden="true" />
                {name}
              </th>
            )}
            {side === null ? (
              <td colSpan={columns.length} className={styles.absent}>
                not in this set
              </td>
            ) : (
              columns.map((column) => {
                const text = column.text(side);
                return (
                  <td
                    key={column.name}
                    data-label={column.name}
                    data-high={column.isHigh?.(side)}
                    title={text.length > LONG ? text : undefined}
                  >
                    <bdi>{text}</bdi>
                  </td>
                );
              })
            )}
            {at === 0 && (
              <td rowSpan={lines} className={styles.plot}>
                <FeaturePlot feature={feature} names={names} drawing={drawing} />
              </td>
            )}
          </tr>
        );
      })}
    </tbody>
  );
});

/** A text that may be cut off: as many characters. */
const LONG = 12;
