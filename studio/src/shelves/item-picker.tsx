/** The items of a campaign in their order: found by words, moved, taken out. */
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { Item } from '../../../src/server/contract.ts';
import { fetchItem, fetchItems } from '../shell/api.ts';
import { Cover } from '../shell/cover.tsx';
import { ChevronIcon, CloseIcon, SearchIcon } from '../shell/icons.tsx';
import styles from './item-picker.module.css';

const FOUND = 6;
const SETTLE_MS = 150;

const byText = (item: Item): string =>
  [item.kind, (item.creators ?? []).map(({ name }) => name).join(', ')].filter((part) => part !== '').join(' · ');

function Pictured({ item }: { readonly item: Item }) {
  return (
    <>
      <Cover card={{ ...item, image: item.image ?? '' }} className={styles.cover ?? ''} />
      <span className={styles.names}>
        <span className={styles.title}>{item.title}</span>
        <span className={styles.about}>{byText(item)}</span>
      </span>
    </>
  );
}

interface ItemPickerProps {
  readonly items: readonly string[];
  readonly onChange: (items: readonly string[]) => void;
  readonly error: string | undefined;
}

export function ItemPicker({ items, onChange, error }: ItemPickerProps) {
  const [typed, setTyped] = useState('');
  const [settled] = useDebouncedValue(typed.trim(), SETTLE_MS);
  const titleId = useId();
  const { data: found } = useQuery({
    queryKey: ['items', settled, FOUND],
    queryFn: ({ signal }) => fetchItems(settled, FOUND, signal),
    enabled: settled !== '',
    placeholderData: keepPreviousData,
  });
  const known = useQueries({
    queries: items.map((id) => ({ queryKey: ['item', id], queryFn: () => fetchItem(id), staleTime: 60_000 })),
  });
  const move = (from: number, to: number) => {
    const next = [...items];
    const [moved] = next.splice(from, 1);
    if (moved === undefined) return;
    next.splice(to, 0, moved);
    onChange(next);
  };
  const fresh = settled === '' ? [] : (found?.items ?? []).filter(({ id }) => !items.includes(id));
  return (
    <section aria-labelledby={titleId} className={styles.picker}>
      <h3 id={titleId}>
        Items <span>{items.length}</span>
      </h3>
      {items.length > 0 && (
        <ol className={styles.items}>
          {items.map((id, index) => {
            const item = known[index]?.data;
            const name = item?.title ?? id;
            return (
              <li key={id}>
                {item === undefined ? (
                  <span className={styles.names}>
                    <span className={styles.title}>{id}</span>
                    <span className={styles.about}>
                      {known[index]?.isError === true ? 'not in the catalogue yet' : '\u00a0'}
                    </span>
                  </span>
                ) : (
                  <Pictured item={item} />
                )}
                <span className={styles.tools}>
                  <button
                    type="button"
                    aria-label={`Move ${name} up`}
                    disabled={index === 0}
                    onClick={() => move(index, index - 1)}
                    className={styles.up}
                  >
                    <ChevronIcon to="down" />
                  </button>
                  <button
                    type="button"
                    aria-label={`Move ${name} down`}
                    disabled={index === items.length - 1}
                    onClick={() => move(index, index + 1)}
                  >
                    <ChevronIcon to="down" />
                  </button>
                  <button
                    type="button"
                    aria-label={`Take ${name} out`}
                    onClick={() => onChange(items.filter((other) => other !== id))}
                  >
                    <CloseIcon />
                  </button>
                </span>
              </li>
            );
          })}
        </ol>
      )}
      <TextInput
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        placeholder="Title or artist"
        aria-label="Find items to add"
        leftSection={<SearchIcon />}
        error={error}
        radius="md"
        autoComplete="off"
        onKeyDown={(event) => {
          const first = fresh[0];
          if (event.key !== 'Enter') return;
          // Enter adds what is found first; it does not send the form.
          event.preventDefault();
          if (first !== undefined) onChange([...items, first.id]);
        }}
      />
      {fresh.length > 0 && (
        <ul className={styles.found} aria-label="Found items">
          {fresh.map((item) => (
            <li key={item.id}>
              <button type="button" onClick={() => onChange([...items, item.id])} aria-label={`Add ${item.title}`}>
                <Pictured item={item} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {settled !== '' && found !== undefined && fresh.length === 0 && (
        <p className={styles.none} role="status">
          Nothing else is found for “{settled}”.
        </p>
      )}
    </section>
  );
}
