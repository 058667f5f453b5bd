/** The frame of a table of features: its caption and its heads. */
import type { ReactNode } from 'react';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { COLUMNS } from './columns.ts';
import styles from './feature-table.module.css';

interface TableFrameProps {
  readonly kind: ComparedFigures['kind'];
  readonly caption: ReactNode;
  /** Sets on show. */
  readonly lines: number;
  /** Lines of all rows, in the document or not, without the heads. */
  readonly rowCount?: number;
  readonly isWaiting?: boolean;
  readonly children: ReactNode;
}

/** Columns of such a table, for what goes across all of them. */
export function widthOf(kind: ComparedFigures['kind'], lines: number): number {
  return COLUMNS[kind].length + (lines > 1 ? 3 : 2);
}

export function TableFrame({ kind, caption, lines, rowCount, isWaiting = false, children }: TableFrameProps) {
  return (
    <div className={styles.frame} data-waiting={isWaiting} style={{ '--lines': lines } as object}>
      <table
        className={styles.table}
        aria-rowcount={rowCount === undefined ? undefined : rowCount + 1}
        data-kind={kind}
      >
        <caption className={styles.caption}>{caption}</caption>
        <thead>
          <tr aria-rowindex={rowCount === undefined ? undefined : 1}>
            <th scope="col" className={styles.nameHead}>
              Feature
            </th>
            {lines > 1 && (
              <th scope="col" className={styles.setHead}>
                Set
              </th>
            )}
            {COLUMNS[kind].map(({ name, about }) => (
              <th key={name} scope="col" title={about}>
                {name}
              </th>
            ))}
            <th scope="col" className={styles.plotHead}>
              Distribution
            </th>
          </tr>
        </thead>
        {children}
      </table>
    </div>
  );
}
