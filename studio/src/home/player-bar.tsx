/** Now playing: a bar at the bottom of the page. There is no sound; time runs faster, and what would have been heard is reported. */
import type { CSSProperties } from 'react';
import { clockText } from '../shell/clock-text.ts';
import { Cover } from '../shell/cover.tsx';
import { CloseIcon, FollowIcon, HeartIcon, PauseIcon, PlayIcon, ReplayIcon, SkipIcon } from '../shell/icons.tsx';
import { useCoverColours } from '../shell/use-cover-colours.ts';
import { canFollow } from './card.tsx';
import { isFinished, speedOf } from './playback.ts';
import styles from './player-bar.module.css';
import type { Player } from './use-player.ts';
import type { Reactions } from './use-reactions.ts';

export function PlayerBar({ player, reactions }: { readonly player: Player; readonly reactions: Reactions }) {
  const listen = player.listen;
  const [colour] = useCoverColours(listen === null ? [] : [listen.item]);
  if (listen === null) return null;
  const { item: card, origin, container, durationMs, playedMs, playing } = listen;
  const finished = isFinished(listen);
  const liked = reactions.liked.has(card.id);
  const followed = reactions.followed.has(card.id);
  const toggleText = finished ? 'Play again' : playing ? 'Pause' : 'Play';
  return (
    <section
      className={styles.bar}
      aria-label="Now playing"
      style={{ '--tint': colour ?? 'transparent', '--share': `${(playedMs / durationMs) * 100}%` } as CSSProperties}
    >
      <Cover card={card} className={styles.cover ?? ''} />
      <div className={styles.names}>
        <p className={styles.title}>{card.title}</p>
        <p className={styles.subtitle}>
          {[card.subtitle, container?.title ?? origin.shelfTitle].filter((part) => part !== '').join(' · ')}
        </p>
      </div>
      <div className={styles.middle}>
        <div className={styles.buttons}>
          <button type="button" className={styles.main} onClick={player.toggle} aria-label={toggleText}>
            {finished ? <ReplayIcon /> : playing ? <PauseIcon /> : <PlayIcon />}
          </button>
          <button
            type="button"
            onClick={player.skip}
            disabled={finished && container === undefined}
            aria-label="Skip"
            title="Skip"
          >
            <SkipIcon />
          </button>
        </div>
        <div className={styles.time}>
          <span>{clockText(playedMs)}</span>
          <span
            className={styles.track}
            role="progressbar"
            aria-label="Heard"
            aria-valuemin={0}
            aria-valuemax={Math.round(durationMs / 1000)}
            aria-valuenow={Math.round(playedMs / 1000)}
            aria-valuetext={`${clockText(playedMs)} of ${clockText(durationMs)}`}
          >
            <span />
          </span>
          <span>{clockText(durationMs)}</span>
        </div>
      </div>
      <p className={styles.silent} title="This page has no music: it reports what would have been heard.">
        no sound · {Math.round(speedOf(durationMs))}× speed
      </p>
      <div className={styles.opinions}>
        <button
          type="button"
          data-on={liked}
          aria-pressed={liked}
          onClick={() => reactions.toggleLike(card, origin)}
          aria-label={`Like ${card.title}`}
        >
          <HeartIcon on={liked} />
        </button>
        {canFollow(card.kind) && (
          <button
            type="button"
            aria-pressed={followed}
            onClick={() => reactions.toggleFollow(card, origin)}
            aria-label={`Follow ${card.title}`}
          >
            <FollowIcon on={followed} />
          </button>
        )}
        <button type="button" onClick={player.close} aria-label="Stop and close the player">
          <CloseIcon />
        </button>
      </div>
    </section>
  );
}
