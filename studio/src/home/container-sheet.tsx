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
import { type ContainedTrack, type Contents, fetchCard, fetchContents, type Whose } from './containers.ts';
import type { Origin, Playable } from './playback.ts';
import type { Player } from './use-player.ts';
import type { Reactions } from './use-reactions.ts';

interface SheetProps {
  readonly id: string;
  readonly whose: Whose;
  /** The card that was clicked; undefined where the address alone led here. */
  readonly card: PageCard | undefined;
  readonly origin: Origin;
  readonly player: Player;
  readonly reactions: Reactions;
  readonly onOpen: (id: string) => void;
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
          <span className={styles.subtitle}>
            {track.explicit && (
              <span className={styles.explicit} title="Explicit">
                E
              </span>
            )}
            {track.subtitle}
          </span>
          {track.reason !== '' && <span className={styles.reason}>{track.reason}</span>}
        </span>
        {track.durationMs > 0 && <span className={styles.duration}>{clockText(track.durationMs)}</span>}
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

interface OpenedProps extends SheetProps {
  readonly about: Playable;
  readonly contents: Contents;
}

function Opened({ contents, about, origin, player, reactions, onOpen }: OpenedProps) {
  const { listen } = player;
  const here = listen?.container?.id === contents.id;
  const liked = reactions.liked.has(contents.id);
  const followed = reactions.followed.has(contents.id);
  const noun = contents.kind === 'show' ? 'episode' : 'track';
  const shown = contents.tracks.length;
  return (
    <>
      <div className={styles.actions}>
        <Button
          radius="xl"
          size="md"
          leftSection={<PlayIcon />}
          disabled={contents.tracks.length === 0}
          onClick={() => player.playFrom(contents, 0, origin)}
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
        <span className={styles.count}>
          {contents.total > shown ? `${shown} of ${countText(contents.total, noun)}` : countText(shown, noun)}
        </span>
      </div>
      {contents.tracks.length === 0 ? (
        <p className={styles.empty}>The catalogue does not say what is in it; it can be played from its shelf.</p>
      ) : (
        <ol className={styles.tracks} onKeyDown={moveFocus} aria-label={`In ${contents.title}`}>
          {contents.tracks.map((track, place) => (
            <Track
              key={track.id}
              track={track}
              place={place}
              playing={here && listen?.place === place}
              onPlay={() => player.playFrom(contents, place, origin)}
            />
          ))}
        </ol>
      )}
      {contents.albums.length > 0 && (
        <section aria-label="Albums">
          <h3 className={styles.heading}>Albums</h3>
          <ul className={styles.albums}>
            {contents.albums.map((album) => (
              <li key={album.id}>
                <button type="button" onClick={() => onOpen(album.id)}>
                  <Cover card={album} />
                  <span className={styles.title}>{album.title}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

export function ContainerSheet(props: SheetProps) {
  const { id, whose, card, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Not the button that closes it, which a dialog would take by itself.
    element?.querySelector('h2')?.focus();
    return () => element?.close();
  }, []);
  const found = useQuery({
    queryKey: ['card', id, whose],
    queryFn: ({ signal }) => fetchCard(id, whose, signal),
    enabled: card === undefined,
  });
  const about: Playable | undefined = card ?? found.data;
  const contents = useQuery({
    queryKey: ['contents', id, whose],
    queryFn: ({ signal }) => fetchContents(about as Playable, whose, signal),
    enabled: about !== undefined,
  });
  const error = found.error ?? contents.error;
  const data = contents.data;
  const refetch = () => void (found.error === null ? contents.refetch() : found.refetch());
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
                <h2 tabIndex={-1}>{about.title}</h2>
                {about.subtitle !== '' && <p className={styles.headSubtitle}>{about.subtitle}</p>}
                {card !== undefined && card.reason !== '' && <p className={styles.reason}>{card.reason}</p>}
                {data?.notes.map((note) => (
                  <p key={note}>{note}</p>
                ))}
              </div>
            </>
          )}
        </header>
        {error !== null ? (
          <Failure failure={error} onRetry={refetch} />
        ) : data === undefined || about === undefined ? (
          <Skeleton heightPx={480} />
        ) : (
          <Opened {...props} about={about} contents={data} />
        )}
      </div>
    </dialog>
  );
}
