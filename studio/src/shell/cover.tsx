/** A cover: the item's picture, or, where there is none or it does not load, colours and initials that always belong to the item. */
import { useState } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import styles from './cover.module.css';
import { coloursOf, initialsOf } from './identity.ts';

type Pictured = Pick<PageCard, 'id' | 'title' | 'image'> & { readonly kind: PageCard['kind'] | null };

export function Cover({ card, className = '' }: { readonly card: Pictured; readonly className?: string }) {
  const [failed, setFailed] = useState('');
  const [from, to] = coloursOf(card.id);
  const shape = card.kind === 'artist' ? styles.round : styles.square;
  const pictured = card.image !== '' && failed !== card.image;
  return (
    <span
      className={`${styles.cover} ${shape} ${className}`}
      style={{ backgroundImage: `linear-gradient(145deg, ${from}, ${to})` }}
      aria-hidden="true"
    >
      {pictured ? (
        <img
          src={card.image}
          alt=""
          width={300}
          height={300}
          loading="lazy"
          decoding="async"
          draggable={false}
          onError={() => setFailed(card.image)}
        />
      ) : (
        <span className={styles.initials}>{initialsOf(card.title)}</span>
      )}
    </span>
  );
}
