/** An item's title that leads to its page, or only its name where the catalogue does not hold it. */
import { Link } from '@tanstack/react-router';
import type { ItemRef } from '../../../src/server/contract.ts';
import styles from './item-link.module.css';

export function ItemLink({ item }: { readonly item: ItemRef }) {
  if (item.kind === null) return <span className={styles.gone}>{item.title}</span>;
  return (
    <Link to="/catalogue/$itemId" params={{ itemId: item.id }} className={styles.link}>
      {item.title}
    </Link>
  );
}
