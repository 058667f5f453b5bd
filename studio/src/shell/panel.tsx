/** A panel of a page: a heading, a note beside it, and what it holds. */
import type { ReactNode } from 'react';
import styles from './panel.module.css';

interface PanelProps {
  readonly title: string;
  /** Says what the figures mean: unit, span. */
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

export function Panel({ title, note, actions, wide = false, children }: PanelProps) {
  return (
    <section className={styles.panel} aria-label={title} data-wide={wide}>
      <header className={styles.head}>
        <h2>{title}</h2>
        {note !== undefined && <p className={styles.note}>{note}</p>}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </section>
  );
}
