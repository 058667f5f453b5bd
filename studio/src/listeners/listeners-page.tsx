/** Everybody who listens: searched by id, shown with tier, market and language. */
import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { StoredListener } from '../../../src/server/contract.ts';
import { fetchListenerPage } from '../shell/api.ts';
import { Avatar } from '../shell/avatar.tsx';
import { HomeIcon, SearchIcon } from '../shell/icons.tsx';
import { listenerName } from '../shell/identity.ts';
import { PageMain } from '../shell/page-main.tsx';
import { languageName, marketName } from '../shell/profile.ts';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import styles from './listeners-page.module.css';

const route = getRouteApi('/listeners');
const LISTED = 60;
const SETTLE_MS = 150;
const WAITING = Array.from({ length: 24 }, (_, index) => index);

function ListenerRow({ listener }: { readonly listener: StoredListener }) {
  const { id, profile } = listener;
  const facts = [
    profile.tier,
    profile.market === undefined ? undefined : marketName(profile.market),
    profile.language === undefined ? undefined : languageName(profile.language),
  ].filter((fact) => fact !== undefined);
  return (
    <li className={styles.row}>
      <Link to="/listeners/$listenerId" params={{ listenerId: id }} className={styles.listener}>
        <Avatar id={id} size={44} />
        <span className={styles.names}>
          <span className={styles.name}>
            {listenerName(id)}
            {profile.ageBand === 'kid' && <span className={styles.tag}>kids</span>}
          </span>
          <span className={styles.facts}>{facts.length > 0 ? facts.join(' · ') : 'Nothing told of them'}</span>
        </span>
      </Link>
      <Link to="/" search={{ listener: id }} className={styles.home} aria-label={`Home of ${id}`} title="Home">
        <HomeIcon />
      </Link>
    </li>
  );
}

export function ListenersPage() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q);
  const [settled] = useDebouncedValue(typed.trim(), SETTLE_MS);
  useEffect(() => {
    void navigate({ search: settled === '' ? {} : { q: settled }, replace: true, resetScroll: false });
  }, [settled, navigate]);
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: ['listeners', 'list', settled],
    queryFn: ({ pageParam, signal }) => fetchListenerPage(settled, LISTED, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
  const listeners = data?.pages.flatMap((page) => page.listeners) ?? [];
  return (
    <PageMain
      title="Listeners"
      lead="What each of them likes, when they listen, and every Home that was made for them."
      actions={
        <TextInput
          className={styles.search}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder="Begins with …"
          aria-label="Search listeners by the beginning of their id"
          leftSection={<SearchIcon />}
          radius="xl"
          size="md"
        />
      }
    >
      {error !== null && data === undefined ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : data !== undefined && listeners.length === 0 ? (
        <Message
          title={settled === '' ? 'No listeners yet' : `Nobody begins with “${settled}”`}
          text={settled === '' ? 'A Home needs somebody to be for.' : ''}
          remedy={
            settled === ''
              ? 'Start the demo world with “npm start”, or bring data in: “shelfwise import --help” says how.'
              : 'Ids are searched from their beginning, letter by letter.'
          }
        />
      ) : (
        <ul className={styles.list} aria-label="Listeners" aria-busy={data === undefined}>
          {data === undefined
            ? WAITING.map((index) => (
                <li key={index} className={styles.waiting}>
                  <Skeleton heightPx={68} />
                </li>
              ))
            : listeners.map((listener) => <ListenerRow key={listener.id} listener={listener} />)}
        </ul>
      )}
      {hasNextPage && (
        <Button
          className={styles.more}
          variant="default"
          radius="xl"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </PageMain>
  );
}
