/** An album, a playlist or a show, opened: its tracks, why each is there, and playing from any of them. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type CSSProperties, type KeyboardEvent, useEffect, useRef } from 'react';
import type { PageCard } from '../../../src/server/contract.ts';
import { clockText } from '../shell/clock-text.ts';
import { Cover } from '../shell/cover.tsx';
import { CloseIcon, FollowIcon, HeartIcon, PlayIcon } from '../shell/icons.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import { countText } from '../shell/times.ts';
import { useCoverColours } from '../shell/use-cover-colours.ts';
import { canFollow } from './card.tsx';
import styles from './container-sheet.module.css';
import { type ContainedTrack, type Contents, fetchContents } from './containers.ts';
import type { Origin } from './playback.ts';
import type { Player } from './use-player.ts';
import type { Reactions } from './use-reactions.ts';

interface SheetProps {
  readonly id: string;
  readonly listenerId: string;
  /** The card that was clicked; undefined where the address alone led here. */
  readonly card: PageCard | undefined;
  readonly origin: Origin;
  readonly player: Player;
  readonly reactions: Reactions;
  readonly onClose: () => void;
}

function Track({
  track,
  place,
  playing,
  onPlay,
}: {
  readonly track: ContainedTrack;
  readonly place: number;
  readonly playing: boolean;
  readonly onPlay: () => void;
}) {
  return (
    <li>
      <button type="button" className={styles.track} onClick={onPlay} aria-current={playing ? 'true' : undefined}>
        <span className={styles.place} aria-hidden="true">
          {playing ? <PlayIcon /> : place + 1}
        </span>
        <Cover card={track} className={styles.trackCover ?? ''} />
        <span className={styles.names}>
          <span className={styles.title}>
            <span className="visually-hidden">Play </span>
            {track.title}
          </span>
          <span className={styles.subtitle}>{track.subtitle}</span>
          {track.reason !== '' && <span className={styles.reason}>{track.reason}</span>}
        </span>
        {track.durationMs !== undefined && <span className={styles.duration}>{clockText(track.durationMs)}</span>}
      </button>
    </li>
  );
}

/** Arrow keys move between the tracks. */
function moveFocus(event: KeyboardEvent<HTMLOListElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[at + step]?.focus();
  event.preventDefault();
}

function Opened({ contents, origin, player, reactions, card }: SheetProps & { readonly contents: Contents }) {
  const container = { id: contents.id, title: contents.title, tracks: contents.tracks };
  const { listen } = player;
  const here = listen?.container?.id === contents.id;
  const about = card ?? contents;
  const liked = reactions.liked.has(contents.id);
  const followed = reactions.followed.has(contents.id);
  const noun = contents.kind === 'show' ? 'episode' : 'track';
  return (
    <>
      <div className={styles.actions}>
        <Button
          radius="xl"
          size="md"
          leftSection={<PlayIcon />}
          disabled={contents.tracks.length === 0}
          onClick={() => player.playFrom(container, 0, origin)}
        >
          Play
        </Button>
        <button
          type="button"
          aria-pressed={liked}
          data-love={liked}
          onClick={() => reactions.toggleLike(about, origin)}
          aria-label={`Like ${contents.title}`}
        >
          <HeartIcon on={liked} />
        </button>
        {canFollow(contents.kind) && (
          <button
            type="button"
            aria-pressed={followed}
            onClick={() => reactions.toggleFollow(about, origin)}
            aria-label={`Follow ${contents.title}`}
          >
            <FollowIcon on={followed} />
          </button>
        )}
        <span className={styles.count}>{countText(contents.tracks.length, noun)}</span>
      </div>
      {contents.tracks.length === 0 ? (
        <p className={styles.empty}>The catalogue holds nothing of it.</p>
      ) : (
        <ol className={styles.tracks} onKeyDown={moveFocus} aria-label={`In ${contents.title}`}>
          {contents.tracks.map((track, place) => (
            <Track
              key={track.id}
              track={track}
              place={place}
              playing={here && listen?.place === place}
              onPlay={() => player.playFrom(container, place, origin)}
            />
          ))}
        </ol>
      )}
    </>
  );
}

export function ContainerSheet(props: SheetProps) {
  const { id, listenerId, card, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const { data, error, refetch } = useQuery({
    queryKey: ['contents', listenerId, id],
    queryFn: ({ signal }) => fetchContents(id, listenerId, signal),
  });
  const about = card ?? data;
  const [colour] = useCoverColours(about === undefined ? [] : [about]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is one beside it
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-label={about?.title ?? 'Loading'}
      style={{ '--tint': colour ?? 'transparent' } as CSSProperties}
      onCancel={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.box}>
        <button type="button" className={styles.close} onClick={onClose} aria-label="Close">
          <CloseIcon />
        </button>
        <header className={styles.head}>
          {about === undefined ? (
            <span className={styles.cover}>
              <Skeleton heightPx={148} />
            </span>
          ) : (
            <>
              <Cover card={about} className={styles.cover ?? ''} />
              <div className={styles.headNames}>
                <h2>{about.title}</h2>
                {about.subtitle !== '' && <p>{about.subtitle}</p>}
                {card !== undefined && card.reason !== '' && <p className={styles.reason}>{card.reason}</p>}
              </div>
            </>
          )}
        </header>
        {error !== null ? (
          <Failure failure={error} onRetry={() => void refetch()} />
        ) : data === undefined ? (
          <Skeleton heightPx={480} />
        ) : (
          <Opened {...props} contents={data} />
        )}
      </div>
    </dialog>
  );
}
