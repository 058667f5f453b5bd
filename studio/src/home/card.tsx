/** A card of a shelf: its cover and names are one button that plays it; beside it a menu for what the listener thinks of it. */
import { Menu } from '@mantine/core';
import type { Ref } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import { Chance } from '../shell/chance.tsx';
import { Cover } from '../shell/cover.tsx';
import { FollowIcon, HeartIcon, HideIcon, MoreIcon, PlayIcon } from '../shell/icons.tsx';
import styles from './card.module.css';

/** How a shelf lays out its cards. */
export type CardLayout = 'tall' | 'tile' | 'wide';

export interface CardActions {
  readonly onPlay: () => void;
  readonly onLike: () => void;
  readonly onFollow: () => void;
  readonly onHide: () => void;
}

interface CardProps extends CardActions {
  readonly card: PageCard;
  readonly layout: CardLayout;
  readonly explained: boolean;
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

function CardMenu(props: CardProps) {
  const { card, liked, followed, tabbable } = props;
  return (
    <Menu position="bottom-end" width={210} withinPortal returnFocus>
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
      </Menu.Dropdown>
    </Menu>
  );
}

export function Card(props: CardProps) {
  const { card, layout, explained, isNew, isCurrent, liked, tabbable, buttonRef, onPlay } = props;
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
        onClick={onPlay}
        aria-current={isCurrent ? 'true' : undefined}
      >
        <span className={styles.coverBox}>
          <Cover card={card} className={styles.cover ?? ''} />
          <span className={styles.playBadge} aria-hidden="true">
            {isCurrent ? <span className={styles.bars} /> : <PlayIcon />}
          </span>
        </span>
        <span className={styles.names}>
          <span className={styles.title}>
            <span className="visually-hidden">Play </span>
            {card.title}
          </span>
          <span className={styles.subtitle}>
            {liked && (
              <span className={styles.liked}>
                <HeartIcon on />
                <span className="visually-hidden">liked, </span>
              </span>
            )}
            {card.subtitle}
          </span>
          {card.reason !== '' && <span className={styles.reason}>{card.reason}</span>}
          {explained && card.explain !== undefined && (
            <span className={styles.explain}>
              <Chance propensity={card.explain.propensity} forced={card.explain.forced} />
              <span className={styles.score}>score {card.explain.score.toFixed(3)}</span>
            </span>
          )}
        </span>
        {isNew && <span className={styles.new}>New</span>}
      </button>
      <CardMenu {...props} />
    </li>
  );
}
