/** One listener's Home: its shelves, the player, and the loop from a click to the next Home. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type CSSProperties, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ListenerSummary, Page, PageCard } from '../../../src/server/contract.ts';
import { ApiProblem, fetchHome, fetchStatus } from '../shell/api.ts';
import { listenerName, sessionOf } from '../shell/identity.ts';
import { NoticeBar } from '../shell/notice-bar.tsx';
import { Failure, HomeSkeleton, Message } from '../shell/states.tsx';
import { useCoverColours } from '../shell/use-cover-colours.ts';
import { useNotices } from '../shell/use-notices.ts';
import { canOpen } from './card.tsx';
import { CompareView } from './compare.tsx';
import { Conditions } from './conditions.tsx';
import { ContainerSheet } from './container-sheet.tsx';
import { fetchContents } from './containers.ts';
import { PageExplain } from './explain.tsx';
import { greetingAt } from './greeting.ts';
import styles from './home-page.module.css';
import { describeChanges } from './page-changes.ts';
import { NOWHERE, type Origin } from './playback.ts';
import { PlayerBar } from './player-bar.tsx';
import { createReporter } from './reporter.ts';
import { Shelf } from './shelf.tsx';
import type { ChangeAddress, HomeAddress } from './use-home-address.ts';
import { useRendered } from './use-impressions.ts';
import { usePlayer } from './use-player.ts';
import { useReactions } from './use-reactions.ts';
import { type ShownPage, useShownPage } from './use-shown-page.ts';

const LIGHTS = 3;
const NEWS_SHOWN_MS = 9000;
const NO_FOLLOWS: readonly string[] = [];

/** Colours fall on the top of the page from the first covers on it. */
function Lights({ page }: { readonly page: Page | undefined }) {
  const cards = page?.shelves.flatMap((shelf) => shelf.cards).slice(0, LIGHTS) ?? [];
  const colours = useCoverColours(cards);
  const lights = Object.fromEntries(colours.map((colour, index) => [`--light-${index}`, colour]));
  return <div className={styles.lights} style={lights as CSSProperties} aria-hidden="true" />;
}

/** Says for a while how the Home changed, and leads there. */
function News({ shown }: { readonly shown: ShownPage }) {
  const { changes, version } = shown;
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (version === 0) return;
    setVisible(true);
    const timer = setTimeout(() => setVisible(false), NEWS_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [version]);
  const first = shown.page?.shelves.find((shelf) => changes.changedShelves.has(shelf.id));
  const show = () => {
    setVisible(false);
    const section = [...document.querySelectorAll<HTMLElement>('[data-shelf]')].find(
      (element) => element.dataset['shelf'] === first?.id,
    );
    section?.scrollIntoView({ behavior: 'smooth', block: 'start' });
  };
  return (
    <div className={styles.news} role="status">
      {version > 0 && visible && (
        <button type="button" onClick={show} data-testid="news">
          {describeChanges(changes)}
        </button>
      )}
    </div>
  );
}

function Footer() {
  const { data } = useQuery({ queryKey: ['status'], queryFn: fetchStatus, staleTime: 30_000 });
  if (data === undefined) return <footer className={styles.footer} />;
  const count = (value: number, noun: string) => `${value.toLocaleString('en')} ${noun}`;
  return (
    <footer className={styles.footer}>
      Shelfwise {data.version} · {count(data.items, 'items')} · {count(data.listeners, 'listeners')} ·{' '}
      {count(data.events, 'events')} · {count(data.decisions, 'Homes made')}
    </footer>
  );
}

function subtitleOf(summary: ListenerSummary | null | undefined): string {
  if (summary === undefined) return '';
  if (summary === null || summary.totalPlays === 0)
    return 'Nice to meet you: this is what people play. Play something, and it becomes yours.';
  const genres = summary.topGenres.slice(0, 3).map((entry) => entry.genre);
  if (genres.length === 0) return 'Play something, and this becomes yours.';
  return `Lately it has been ${genres.length === 1 ? genres[0] : `${genres.slice(0, -1).join(', ')} and ${genres.at(-1)}`}.`;
}

/** The card of this id and where it stands on the page. */
function findCard(page: Page | undefined, id: string): { card: PageCard; origin: Origin } | undefined {
  if (page === undefined || id === '') return undefined;
  for (const shelf of page.shelves) {
    const card = shelf.cards.find((one) => one.id === id);
    if (card === undefined) continue;
    const { decisionId } = page;
    return { card, origin: { decisionId, shelfRank: shelf.rank, cardRank: card.rank, shelfTitle: shelf.title } };
  }
  return undefined;
}

interface HomePageProps {
  readonly address: HomeAddress;
  readonly summary: ListenerSummary | null | undefined;
  readonly onChange: ChangeAddress;
  /** Counts the wishes for a Home made anew. */
  readonly renewals: number;
}

export function HomePage({ address, summary, onChange, renewals }: HomePageProps) {
  const { listener, device, tier, market, at, filter, explain } = address;
  const queries = useQueryClient();
  const sessionId = useMemo(() => sessionOf(listener), [listener]);
  const reporter = useMemo(
    () => createReporter({ listenerId: listener, sessionId, device }),
    [listener, sessionId, device],
  );
  const { notice, notify, dismiss } = useNotices();

  const scope = [listener, device, tier, market, at, filter].join('\n');
  const fresh = useRef(0);
  const home = useQuery({
    queryKey: ['home', listener, device, tier, market, at, filter],
    queryFn: ({ signal }) => {
      const anew = fresh.current !== renewals;
      fresh.current = renewals;
      const asked = {
        listenerId: listener,
        device,
        tier,
        market,
        at,
        filter,
        policy: '',
        isPrivate: false,
        sessionId,
        fresh: anew,
      };
      return fetchHome(asked, signal);
    },
  });
  const shown = useShownPage(home.data, scope);
  const page = shown.page;
  useRendered(page?.decisionId, reporter);

  const refetch = useCallback(
    () => void queries.invalidateQueries({ queryKey: ['home', listener] }),
    [queries, listener],
  );
  useEffect(() => {
    if (fresh.current !== renewals) refetch();
  }, [renewals, refetch]);

  const fail = useCallback(
    (failure: unknown) => {
      const problem = failure instanceof ApiProblem ? `${failure.message} ${failure.remedy}` : String(failure);
      notify({ text: problem, bad: true });
    },
    [notify],
  );
  const player = usePlayer(reporter, refetch, fail);
  const reactions = useReactions(summary?.followed ?? NO_FOLLOWS, reporter, notify, refetch, fail);
  useEffect(() => {
    const leave = () => void reporter.flush(true);
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, [reporter]);

  const openCard = useCallback(
    (card: PageCard, origin: Origin) => {
      reporter.seen(origin.decisionId, origin.shelfRank);
      onChange({ open: card.id });
    },
    [reporter, onChange],
  );
  const whose = useMemo(() => ({ listener, tier, market, at }), [listener, tier, market, at]);
  const { play, playFrom } = player;
  /** A card that holds others plays them, from the first on. */
  const playCard = useCallback(
    (card: PageCard, origin: Origin) => {
      if (!canOpen(card.kind)) return play(card, origin);
      fetchContents(card, whose).then((contents) => {
        if (contents.tracks.length === 0) play(card, origin);
        else playFrom(contents, 0, origin);
      }, fail);
    },
    [play, playFrom, whose, fail],
  );
  const visible = page?.shelves.filter(({ id }) => !reactions.hiddenShelves.has(id)) ?? [];
  const opened = useMemo(() => findCard(page, address.open), [page, address.open]);
  const comparing = address.compare !== '';

  const waiting = home.failureReason instanceof ApiProblem ? home.failureReason.message : undefined;
  return (
    <main
      id="main"
      tabIndex={-1}
      className={styles.page}
      data-device={device}
      data-playing={player.listen !== null}
      data-decision={page?.decisionId}
    >
      <Lights page={page} />
      <div className={styles.greeting}>
        <h1>{greetingAt(at === '' ? new Date().getHours() : new Date(at).getUTCHours())}</h1>
        <p>
          <span className="visually-hidden">{listenerName(listener)}. </span>
          {subtitleOf(summary)}
        </p>
        {page?.degraded === true && (
          <p className={styles.degraded} role="status">
            Part of this Home could not be made; what is popular stands in for it.
          </p>
        )}
      </div>
      <Conditions address={address} profile={summary?.profile} onChange={onChange} />
      <News shown={shown} />
      {explain && page !== undefined && <PageExplain page={page} />}
      {home.error !== null && page === undefined && <Failure failure={home.error} onRetry={refetch} />}
      {page === undefined && home.error === null && <HomeSkeleton waitingFor={waiting} />}
      {page !== undefined && page.shelves.length === 0 && (
        <Message
          title="An empty bookcase"
          text="There is nothing in the catalogue that this listener may hear."
          remedy="Bring a catalogue in with “shelfwise import”, or choose another market."
        />
      )}
      {page !== undefined && comparing && <CompareView address={address} page={page} />}
      {page !== undefined && !comparing && (
        <div className={styles.shelves}>
          {visible.map((shelf) => (
            <Shelf
              key={shelf.id}
              shelf={shelf}
              decisionId={page.decisionId}
              explain={explain ? page.explain : undefined}
              newCards={shown.changes.newCards}
              isNew={shown.changes.newShelves.has(shelf.id)}
              currentCard={player.listen?.item.id ?? ''}
              reactions={reactions}
              reporter={reporter}
              onPlay={playCard}
              onOpen={openCard}
            />
          ))}
        </div>
      )}
      <Footer />
      <NoticeBar notice={notice} onDone={dismiss} />
      {address.open !== '' && page !== undefined && (
        <ContainerSheet
          key={address.open}
          id={address.open}
          whose={whose}
          card={opened?.card}
          origin={opened?.origin ?? NOWHERE}
          player={player}
          reactions={reactions}
          onOpen={(id) => onChange({ open: id })}
          onClose={() => onChange({ open: '' })}
        />
      )}
      <PlayerBar player={player} reactions={reactions} />
    </main>
  );
}
