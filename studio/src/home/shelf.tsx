/** A shelf: a titled row of cards that scrolls sideways by hand, wheel, arrow buttons and arrow keys. */
import { Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Page, PageCard, PageShelf } from '../../../src/server/contract.ts';
import { ChevronIcon, HideIcon, MoreIcon, ShelvesIcon } from '../shell/icons.tsx';
import { hashOfText } from '../shell/identity.ts';
import { Card, type CardLayout } from './card.tsx';
import { ShelfExplain } from './explain.tsx';
import type { Origin } from './playback.ts';
import type { Reporter } from './reporter.ts';
import styles from './shelf.module.css';
import { useImpression } from './use-impressions.ts';
import type { Reactions } from './use-reactions.ts';

const SCROLL_SHARE = 0.85;

function layoutOf(shelf: PageShelf): CardLayout {
  if (shelf.kind.startsWith('recently')) return 'tile';
  if (shelf.cards.length > 0 && shelf.cards.every((card) => card.kind === 'episode')) return 'wide';
  return 'tall';
}

function ShelfMenu({ shelf, onHide }: { readonly shelf: PageShelf; readonly onHide: () => void }) {
  return (
    <Menu position="bottom-end" width={260} withinPortal returnFocus>
      <Menu.Target>
        <button type="button" className={styles.more} aria-label={`About the shelf ${shelf.title}`}>
          <MoreIcon />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<HideIcon />} onClick={onHide}>
          Hide this shelf
        </Menu.Item>
        <Menu.Item
          leftSection={<ShelvesIcon />}
          renderRoot={(root) => <Link to="/shelves" hash={shelf.kind} {...root} />}
        >
          Figures of “{shelf.kind}”
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface Edges {
  readonly start: boolean;
  readonly end: boolean;
}

function ScrollArrows({ row, edges, title }: { row: { current: HTMLElement | null }; edges: Edges; title: string }) {
  const scroll = (direction: -1 | 1) => {
    const element = row.current;
    element?.scrollBy({ left: direction * element.clientWidth * SCROLL_SHARE, behavior: 'smooth' });
  };
  if (edges.start && edges.end) return null;
  return (
    <div className={styles.arrows}>
      <button type="button" disabled={edges.start} onClick={() => scroll(-1)} aria-label={`${title}: scroll back`}>
        <ChevronIcon to="left" />
      </button>
      <button type="button" disabled={edges.end} onClick={() => scroll(1)} aria-label={`${title}: scroll on`}>
        <ChevronIcon to="right" />
      </button>
    </div>
  );
}

/** Whether the row stands at its start and its end. */
function useEdges(row: { current: HTMLElement | null }, cards: number): Edges {
  const [edges, setEdges] = useState<Edges>({ start: true, end: true });
  useEffect(() => {
    const element = row.current;
    if (element === null || cards === 0) return;
    const measure = () => {
      const start = element.scrollLeft <= 4;
      const end = element.scrollLeft + element.clientWidth >= element.scrollWidth - 4;
      setEdges((now) => (now.start === start && now.end === end ? now : { start, end }));
    };
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const resizing = new ResizeObserver(measure);
    resizing.observe(element);
    return () => {
      element.removeEventListener('scroll', measure);
      resizing.disconnect();
    };
  }, [row, cards]);
  return edges;
}

interface ShelfProps {
  readonly shelf: PageShelf;
  readonly decisionId: string;
  readonly explain: Page['explain'];
  readonly newCards: ReadonlySet<string>;
  readonly isNew: boolean;
  /** The card that the player holds, or empty. */
  readonly currentCard: string;
  readonly reactions: Reactions;
  readonly reporter: Reporter;
  readonly onPlay: (card: PageCard, origin: Origin) => void;
  readonly onOpen: (card: PageCard, origin: Origin) => void;
}

export const Shelf = memo(function Shelf(props: ShelfProps) {
  const { shelf, decisionId, explain, newCards, isNew, currentCard, reactions, reporter, onPlay, onOpen } = props;
  const section = useRef<HTMLElement>(null);
  const row = useRef<HTMLOListElement>(null);
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);
  const [active, setActive] = useState(0);
  const cards = shelf.cards.filter((card) => !reactions.hidden.has(card.id));
  const edges = useEdges(row, cards.length);
  useImpression(section, decisionId, shelf.rank, reporter);
  // A row drawn anew is shown from its beginning; the browser would hold on to the card that stood first, wherever it stands now.
  const first = cards[0]?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first card is the trigger
  useLayoutEffect(() => {
    row.current?.scrollTo({ left: 0, behavior: 'instant' });
  }, [first]);
  if (cards.length === 0) return null;

  const layout = layoutOf(shelf);
  const tabbable = Math.min(active, cards.length - 1);
  const headingId = `shelf-title-${hashOfText(shelf.id)}`;
  const originOf = (card: PageCard): Origin => ({
    decisionId,
    shelfRank: shelf.rank,
    cardRank: card.rank,
    shelfTitle: shelf.title,
  });

  // One tab stop a shelf; within it the arrow keys move.
  const onKeyDown = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest('li');
    const at = buttons.current.findIndex((button) => button !== null && button.parentElement === card);
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next =
      step !== undefined ? at + step : event.key === 'Home' ? 0 : event.key === 'End' ? cards.length - 1 : undefined;
    if (next === undefined || next < 0 || next >= cards.length) return;
    event.preventDefault();
    setActive(next);
    buttons.current[next]?.focus();
  };

  return (
    <section
      ref={section}
      className={styles.shelf}
      aria-labelledby={headingId}
      data-shelf={shelf.id}
      data-kind={shelf.kind}
      data-order={shelf.order}
      style={{ viewTransitionName: `shelf-${hashOfText(shelf.id)}` }}
    >
      <header className={styles.header}>
        <div className={styles.headings}>
          <h2 id={headingId}>
            {shelf.title}
            {isNew && <span className={styles.new}>New shelf</span>}
          </h2>
          {(shelf.label !== '' || shelf.reason !== '') && (
            <p className={styles.reason}>
              {shelf.label !== '' && <span className={styles.label}>{shelf.label}</span>}
              {shelf.reason}
            </p>
          )}
          {explain !== undefined && <ShelfExplain shelf={shelf} page={explain} />}
        </div>
        <div className={styles.tools}>
          <ShelfMenu shelf={shelf} onHide={() => reactions.hideShelf(shelf, decisionId)} />
          <ScrollArrows row={row} edges={edges} title={shelf.title} />
        </div>
      </header>
      <ol ref={row} className={styles.row} data-layout={layout} onKeyDown={onKeyDown}>
        {cards.map((card, index) => (
          <Card
            key={card.id}
            card={card}
            layout={layout}
            explained={explain !== undefined}
            shelfLabelled={shelf.label !== ''}
            isNew={newCards.has(card.id)}
            isCurrent={card.id === currentCard}
            liked={reactions.liked.has(card.id)}
            followed={reactions.followed.has(card.id)}
            tabbable={index === tabbable}
            buttonRef={(element) => {
              buttons.current[index] = element;
            }}
            onPlay={() => {
              setActive(index);
              onPlay(card, originOf(card));
            }}
            onOpen={() => {
              setActive(index);
              onOpen(card, originOf(card));
            }}
            onLike={() => reactions.toggleLike(card, originOf(card))}
            onFollow={() => reactions.toggleFollow(card, originOf(card))}
            onHide={() => reactions.hide(card, originOf(card))}
          />
        ))}
      </ol>
    </section>
  );
});
