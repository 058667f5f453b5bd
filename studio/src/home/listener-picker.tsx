/** Whose Home it is: a searchable list, by keyboard as well, and a way to be surprised. */
import { Combobox, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { StoredListener } from '../../../src/server/contract.ts';
import { fetchListeners } from '../shell/api.ts';
import { Avatar } from '../shell/avatar.tsx';
import { ChevronIcon, DiceIcon, SearchIcon } from '../shell/icons.tsx';
import { listenerName, randomBelow } from '../shell/identity.ts';
import { profileText } from '../shell/profile.ts';
import styles from './listener-picker.module.css';

const LISTED = 40;
/** Surprises come from this many listeners at most. */
const SURPRISE_FROM = 1000;

/** A random listener other than `current`; undefined while the platform has none. */
export async function surprise(current: string): Promise<string | undefined> {
  const { listeners } = await fetchListeners('', SURPRISE_FROM);
  const others = listeners.filter((listener) => listener.id !== current);
  return others[randomBelow(Math.max(others.length, 1))]?.id;
}

interface PickerProps {
  readonly listenerId: string;
  readonly profile: StoredListener['profile'] | undefined;
  readonly onPick: (listenerId: string) => void;
  /** Without it there is no button for a surprise. */
  readonly onSurprise?: () => void;
}

export function ListenerPicker({ listenerId, profile, onPick, onSurprise }: PickerProps) {
  const [search, setSearch] = useState('');
  const [prefix] = useDebouncedValue(search.trim(), 150);
  const combobox = useCombobox({
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setSearch('');
    },
    onDropdownOpen: () => combobox.focusSearchInput(),
  });
  const { data, isFetching } = useQuery({
    queryKey: ['listeners', prefix],
    queryFn: ({ signal }) => fetchListeners(prefix, LISTED, signal),
    enabled: combobox.dropdownOpened,
    placeholderData: keepPreviousData,
  });
  const typed = search.trim();
  // What is listed follows the typing at once, before the platform has answered: Enter must never take what no longer fits.
  const listeners = (data?.listeners ?? []).filter(({ id }) => id.startsWith(typed));
  const waiting = isFetching || prefix !== typed;
  const unknown = typed !== '' && !waiting && !listeners.some(({ id }) => id === typed);
  const listed = listeners.length + (unknown ? 1 : 0);
  const selectFirst = combobox.selectFirstOption;
  useEffect(() => {
    if (typed !== '' && listed > 0) selectFirst();
  }, [typed, listed, selectFirst]);

  const pick = (id: string) => {
    combobox.closeDropdown();
    onPick(id);
  };

  return (
    <div className={styles.picker}>
      <Combobox store={combobox} onOptionSubmit={pick} width={320} position="bottom-start">
        <Combobox.Target targetType="button">
          <button type="button" className={styles.target} onClick={() => combobox.toggleDropdown()}>
            {listenerId !== '' && <Avatar id={listenerId} size={30} />}
            <span className={styles.names}>
              <span className={styles.name}>
                {listenerId !== '' && <span className="visually-hidden">Listener: </span>}
                {listenerId === '' ? 'Choose a listener' : listenerName(listenerId)}
              </span>
              {profile !== undefined && <span className={styles.profile}>{profileText(profile)}</span>}
            </span>
            <ChevronIcon to="down" />
          </button>
        </Combobox.Target>
        <Combobox.Dropdown>
          <Combobox.Search
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            placeholder="Search by id"
            aria-label="Search listeners by id"
            leftSection={<SearchIcon />}
          />
          <Combobox.Options className={styles.options}>
            {listeners.map((listener) => (
              <Combobox.Option key={listener.id} value={listener.id} active={listener.id === listenerId}>
                <span className={styles.option}>
                  <Avatar id={listener.id} size={34} />
                  <span className={styles.names}>
                    <span className={styles.name}>{listenerName(listener.id)}</span>
                    <span className={styles.profile}>{profileText(listener.profile)}</span>
                  </span>
                </span>
              </Combobox.Option>
            ))}
            {unknown && (
              <Combobox.Option value={typed}>
                <span className={styles.option}>
                  <Avatar id={typed} size={34} />
                  <span className={styles.names}>
                    <span className={styles.name}>{typed}</span>
                    <span className={styles.profile}>Somebody new: a cold start</span>
                  </span>
                </span>
              </Combobox.Option>
            )}
            {listeners.length === 0 && !unknown && (
              <Combobox.Empty>{waiting ? 'Looking …' : 'No listeners yet'}</Combobox.Empty>
            )}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {onSurprise !== undefined && (
        <button
          type="button"
          className={styles.surprise}
          onClick={onSurprise}
          aria-label="Surprise me"
          title="Surprise me"
        >
          <DiceIcon />
        </button>
      )}
    </div>
  );
}
