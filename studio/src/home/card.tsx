/** A card of a shelf: its cover and names are one button that plays it, or opens it where it holds others; beside it a menu for what the listener thinks of it. */
import { Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Ref } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import { Chance } from '../shell/chance.tsx';
import { Cover } from '../shell/cover.tsx';
import { CatalogueIcon, FollowIcon, HeartIcon, HideIcon, ListIcon, MoreIcon, PlayIcon } from '../shell/icons.tsx';
import styles from './card.module.css';
import { isGenerated } from './containers.ts';

/** How a shelf lays out its cards. */
export type CardLayout = 'tall' | 'tile' | 'wide';

export interface CardActions {
  readonly onPlay: () => void;
  readonly onOpen: () => void;
  readonly onLike: () => void;
  readonly onFollow: () => void;
  readonly onHide: () => void;
}

interface CardProps extends CardActions {
  readonly card: PageCard;
  readonly layout: CardLayout;
  readonly explained: boolean;
  /** The shelf itself is marked, as sponsored say. */
  readonly shelfLabelled: boolean;
  readonly isNew: boolean;
  readonly isCurrent: boolean;
  readonly liked: boolean;
  readonly followed: boolean;
  readonly tabbable: boolean;
  readonly buttonRef: Ref<HTMLButtonElement>;
}

export function canFollow(kind: PageCard['kind']): boolean {
  return kind === 'artist' || kind === 'show';
}

/** Does it hold tracks or episodes to choose from? */
export function canOpen(kind: PageCard['kind']): boolean {
  return kind !== 'track' && kind !== 'episode';
}

function CardMenu(props: CardProps) {
  const { card, liked, followed, tabbable } = props;
  return (
    <Menu position="bottom-end" width={220} withinPortal returnFocus>
      <Menu.Target>
        <button
          type="button"
          className={styles.menu}
          aria-label={`More about ${card.title}`}
          tabIndex={tabbable ? 0 : -1}
        >
          <MoreIcon />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<PlayIcon />} onClick={props.onPlay}>
          Play
        </Menu.Item>
        {canOpen(card.kind) && (
          <Menu.Item leftSection={<ListIcon />} onClick={props.onOpen}>
            See what is in it
          </Menu.Item>
        )}
        <Menu.Item leftSection={<HeartIcon on={liked} />} onClick={props.onLike}>
          {liked ? 'Take the like back' : 'Like'}
        </Menu.Item>
        {canFollow(card.kind) && (
          <Menu.Item leftSection={<FollowIcon on={followed} />} onClick={props.onFollow}>
            {followed ? 'Unfollow' : 'Follow'}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<HideIcon />} onClick={props.onHide}>
          Not for me
        </Menu.Item>
        {!isGenerated(card.id) && (
          <Menu.Item
            leftSection={<CatalogueIcon />}
            renderRoot={(root) => <Link to="/catalogue/$itemId" params={{ itemId: card.id }} {...root} />}
          >
            In the catalogue
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Marks before the subtitle: what a streaming service's card says in a glance. */
interface BadgesProps {
  readonly card: PageCard;
  readonly liked: boolean;
  /** False also where the whole shelf says so. */
  readonly sponsored: boolean;
}

function Badges({ card, liked, sponsored }: BadgesProps) {
  return (
    <>
      {liked && (
        <span className={styles.liked}>
          <HeartIcon on />
          <span className="visually-hidden">liked, </span>
        </span>
      )}
      {card.badges.includes('new') && (
        <span className={styles.badge} data-badge="new" title="New">
          <span className="visually-hidden">new, </span>
        </span>
      )}
      {card.badges.includes('explicit') && (
        <span className={styles.badge} data-badge="explicit" title="Explicit">
          <span aria-hidden="true">E</span>
          <span className="visually-hidden">explicit, </span>
        </span>
      )}
      {sponsored && (
        <span className={styles.badge} data-badge="sponsored">
          Sponsored<span className="visually-hidden">, </span>
        </span>
      )}
    </>
  );
}

function ExplainedCard({ explain }: { readonly explain: NonNullable<PageCard['explain']> }) {
  return (
    <span className={styles.explain}>
      <Chance {...explain} />
      <span className={styles.score}>score {explain.score.toFixed(3)}</span>
    </span>
  );
}

export function Card(props: CardProps) {
  const { card, layout, explained, shelfLabelled, isNew, isCurrent, liked, tabbable, buttonRef, onPlay, onOpen } =
    props;
  const opens = canOpen(card.kind);
  return (
    <li
      className={styles.card}
      data-layout={layout}
      data-new={isNew}
      data-current={isCurrent}
      data-card={card.id}
      data-kind={card.kind}
    >
      <button
        type="button"
        ref={buttonRef}
        className={styles.play}
        tabIndex={tabbable ? 0 : -1}
        onClick={opens ? onOpen : onPlay}
        aria-current={isCurrent ? 'true' : undefined}
        aria-haspopup={opens ? 'dialog' : undefined}
      >
        <span className={styles.coverBox}>
          <Cover card={card} className={styles.cover ?? ''} />
          {card.progress !== null && (
            <span className={styles.progress} aria-hidden="true">
              <span style={{ width: `${card.progress * 100}%` }} />
            </span>
          )}
          {!opens && (
            <span className={styles.playBadge} aria-hidden="true">
              {isCurrent ? <span className={styles.bars} /> : <PlayIcon />}
            </span>
          )}
        </span>
        <span className={styles.names}>
          <span className={styles.title}>
            <span className="visually-hidden">{opens ? 'Open ' : 'Play '}</span>
            {card.title}
          </span>
          <span className={styles.subtitle}>
            <Badges card={card} liked={liked} sponsored={card.sponsored && !shelfLabelled} />
            {card.subtitle}
          </span>
          {card.reason !== '' && <span className={styles.reason}>{card.reason}</span>}
          {explained && card.explain !== undefined && <ExplainedCard explain={card.explain} />}
        </span>
        {isNew && <span className={styles.arrived}>Just in</span>}
      </button>
      {opens && (
        <button
          type="button"
          className={styles.playOver}
          tabIndex={tabbable ? 0 : -1}
          onClick={onPlay}
          aria-label={`Play ${card.title}`}
        >
          {isCurrent ? <span className={styles.bars} aria-hidden="true" /> : <PlayIcon />}
        </button>
      )}
      <CardMenu {...props} />
    </li>
  );
}
