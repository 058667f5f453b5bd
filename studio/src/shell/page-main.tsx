/** A page of the Studio: its title in the tab, a heading, what can be done with all of it, and the content. */
import { type ReactNode, useEffect } from 'react';
import styles from './page-main.module.css';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Shelfwise' : `${title} · Shelfwise`;
  }, [title]);
}

interface PageMainProps {
  readonly title: string;
  /** One line below the title. */
  readonly lead?: ReactNode;
  /** Stands before the title: a picture. */
  readonly picture?: ReactNode;
  /** Stands above the title: the way back. */
  readonly above?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function PageMain({ title, lead, picture, above, actions, children }: PageMainProps) {
  useTitle(title);
  return (
    <main id="main" tabIndex={-1} className={styles.page}>
      {above !== undefined && <div className={styles.above}>{above}</div>}
      <header className={styles.head}>
        {picture}
        <div className={styles.names}>
          <h1>{title}</h1>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </main>
  );
}
