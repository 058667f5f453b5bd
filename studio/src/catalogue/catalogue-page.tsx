/** Everything that can stand on a Home: searched by words, narrowed to a kind. */
import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Item } from '../../../src/server/contract.ts';
import chips from '../shell/chips.module.css';
import { SearchIcon } from '../shell/icons.tsx';
import { PageMain } from '../shell/page-main.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { findItems } from './api.ts';
import styles from './catalogue-page.module.css';
import { ItemCard } from './item-card.tsx';
import { KIND_WORDS, KINDS, type Kind } from './kinds.ts';

const route = getRouteApi('/catalogue');
const FIRST = 60;
const MOST = 200;
const SETTLE_MS = 150;
const WAITING = Array.from({ length: 18 }, (_, index) => index);

function KindChips({ kind, q }: { readonly kind: Kind | undefined; readonly q: string }) {
  const searchOf = (one: Kind | undefined) => ({
    ...(q === '' ? {} : { q }),
    ...(one === undefined ? {} : { kind: one }),
  });
  return (
    <nav className={`${chips.chips} ${styles.kinds}`} aria-label="Kinds">
      {[undefined, ...KINDS].map((one) => (
        <Link
          key={one ?? 'all'}
          to="/catalogue"
          search={searchOf(one)}
          replace
          resetScroll={false}
          aria-current={one === kind ? 'page' : undefined}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {one === undefined ? 'Everything' : KIND_WORDS[one].many}
        </Link>
      ))}
    </nav>
  );
}

function nothingFound(q: string, kind: Kind | undefined) {
  const what = kind === undefined ? 'Nothing' : `No ${KIND_WORDS[kind].many.toLowerCase()}`;
  return q === '' ? (
    <Message
      title={`${what} in the catalogue yet`}
      text="A Home is made of items."
      remedy="Start the demo world with “npm start”, or bring a catalogue in: “shelfwise import --help” says how."
    />
  ) : (
    <Message
      title={`${what} found for “${q}”`}
      text=""
      remedy="Titles and artists are searched for each of the words; try fewer of them, or another kind."
    />
  );
}

const refOf = (item: Item) => ({
  id: item.id,
  kind: item.kind,
  title: item.title,
  subtitle: (item.creators ?? []).map(({ name }) => name).join(', '),
  image: item.image ?? '',
});

export function CataloguePage() {
  const { q = '', kind } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q);
  const [settled] = useDebouncedValue(typed.trim(), SETTLE_MS);
  const [limit, setLimit] = useState(FIRST);
  useEffect(() => {
    void navigate({
      search: ({ kind: now }) => ({
        ...(settled === '' ? {} : { q: settled }),
        ...(now === undefined ? {} : { kind: now }),
      }),
      replace: true,
      resetScroll: false,
    });
    setLimit(FIRST);
  }, [settled, navigate]);
  const { data, error, refetch, isFetching, isPlaceholderData } = useQuery({
    queryKey: ['items', 'catalogue', settled, kind, limit],
    queryFn: ({ signal }) => findItems(settled, kind, limit, signal),
    placeholderData: keepPreviousData,
  });
  const items = data?.items ?? [];
  return (
    <PageMain
      title="Catalogue"
      lead="What can stand on a Home: facts, neighbours, and how often each was shown, seen and chosen."
      actions={
        <TextInput
          className={styles.search}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder="Title or artist"
          aria-label="Search the catalogue by title or artist"
          leftSection={<SearchIcon />}
          radius="xl"
          size="md"
        />
      }
    >
      <KindChips kind={kind} q={settled} />
      {error !== null && data === undefined ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : data !== undefined && items.length === 0 && !isPlaceholderData ? (
        nothingFound(settled, kind)
      ) : (
        <ul
          className={styles.grid}
          aria-label="Items"
          aria-busy={data === undefined || isPlaceholderData}
          data-waiting={isPlaceholderData}
        >
          {data === undefined
            ? WAITING.map((index) => (
                <li key={index} className={styles.bones}>
                  <span className={styles.boneCover} />
                  <Skeleton heightPx={15} />
                  <Skeleton heightPx={12} />
                </li>
              ))
            : items.map((item) => (
                <li key={item.id} data-item={item.id}>
                  <ItemCard item={refOf(item)} withKind={kind === undefined} />
                </li>
              ))}
        </ul>
      )}
      {data !== undefined && items.length >= limit && limit < MOST && (
        <Button
          className={styles.more}
          variant="default"
          radius="xl"
          loading={isFetching}
          onClick={() => setLimit(MOST)}
        >
          Show more
        </Button>
      )}
      {items.length >= MOST && (
        <p className={styles.end}>These are the first {MOST}; a word or two more finds the rest.</p>
      )}
    </PageMain>
  );
}
