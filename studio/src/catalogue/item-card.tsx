/** An item as a card that leads to its page. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ItemRef } from '../../../src/server/contract.ts';
import { Cover } from '../shell/cover.tsx';
import styles from './item-card.module.css';
import { KIND_WORDS } from './kinds.ts';

interface ItemCardProps {
  readonly item: ItemRef;
  /** Stands below: a measure. */
  readonly children?: ReactNode;
  /** Says the kind before who it is by. */
  readonly withKind?: boolean;
}

export function ItemCard({ item, children, withKind = true }: ItemCardProps) {
  const kind = item.kind === null || !withKind ? '' : KIND_WORDS[item.kind].one;
  const about = [kind, item.subtitle].filter((part) => part !== '').join(' · ');
  return (
    <Link to="/catalogue/$itemId" params={{ itemId: item.id }} className={styles.card}>
      <Cover card={item} />
      <span className={styles.title}>{item.title}</span>
      <span className={styles.about}>{about === '' ? '\u00a0' : about}</span>
      {children}
    </Link>
  );
}
