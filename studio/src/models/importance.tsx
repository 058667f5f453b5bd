/** What a model goes by: mean |contribution| to its score, column by column, the greatest first. */
import { useState } from 'react';
import type { FeatureImportance } from '../../../src/server/contract.ts';
import styles from './importance.module.css';

const FIRST = 12;

export function Importance({ importance }: { readonly importance: readonly FeatureImportance[] }) {
  const [all, setAll] = useState(false);
  const most = importance[0]?.contribution ?? 0;
  const shown = all ? importance : importance.slice(0, FIRST);
  return (
    <>
      <ol className={styles.bars}>
        {shown.map(({ name, contribution }) => (
          <li key={name}>
            <span className={styles.name} title={name}>
              {name}
            </span>
            <span className={styles.track} aria-hidden="true">
              <span style={{ inlineSize: `${most === 0 ? 0 : (100 * contribution) / most}%` }} />
            </span>
            <span className={styles.value}>{contribution.toPrecision(2)}</span>
          </li>
        ))}
      </ol>
      {importance.length > FIRST && (
        <button type="button" className={styles.more} onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'The first alone' : `All ${importance.length}`}
        </button>
      )}
    </>
  );
}
