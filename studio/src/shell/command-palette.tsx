/** Search over everything: pages, listeners, items and actions, all by keyboard. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { Item } from '../../../src/server/contract.ts';
import { fetchItems, fetchListeners } from './api.ts';
import { Avatar } from './avatar.tsx';
import styles from './command-palette.module.css';
import { Cover } from './cover.tsx';
import { ExplainIcon, MoonIcon, SearchIcon, SunIcon } from './icons.tsx';
import { listenerName } from './identity.ts';
import { PAGES, useSchemeSwitch } from './navigation.tsx';
import { profileText } from './profile.ts';

const LISTENERS = 5;
const ITEMS = 6;
const SETTLE_MS = 120;

interface Choice {
  readonly id: string;
  readonly group: 'Pages' | 'Listeners' | 'Items' | 'Actions';
  readonly title: string;
  readonly about: string;
  readonly picture: ReactNode;
  readonly run: () => void;
  /** By Shift and Enter, where there is another way to go. */
  readonly runOther?: () => void;
}

/** Does every typed word begin a word of the text? */
function beginsWords(text: string, typed: string): boolean {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((begun) => words.some((word) => word.startsWith(begun)));
}

function useFound(typed: string) {
  const [settled] = useDebouncedValue(typed, SETTLE_MS);
  const listeners = useQuery({
    queryKey: ['listeners', settled, LISTENERS],
    queryFn: ({ signal }) => fetchListeners(settled, LISTENERS, signal),
    placeholderData: keepPreviousData,
  });
  const items = useQuery({
    queryKey: ['items', settled, ITEMS],
    queryFn: ({ signal }) => fetchItems(settled, ITEMS, signal),
    enabled: settled !== '',
    placeholderData: keepPreviousData,
  });
  return {
    listeners: (listeners.data?.listeners ?? []).filter(({ id }) => id.startsWith(typed)),
    items: typed === '' ? [] : (items.data?.items ?? []),
    waiting: settled !== typed || listeners.isFetching || items.isFetching,
    failed: listeners.error ?? items.error,
  };
}

export function itemAbout(item: Item): string {
  return [item.kind, item.creators?.map(({ name }) => name).join(', ')]
    .filter((part) => part !== undefined && part !== '')
    .join(' · ');
}

function useChoices(
  typed: string,
  onClose: () => void,
): { choices: readonly Choice[]; waiting: boolean; failed: unknown } {
  const navigate = useNavigate();
  const onHome = useRouterState({
    select: (state) => state.location.pathname === '/' && 'listener' in state.location.search,
  });
  const { other, switchScheme } = useSchemeSwitch();
  const found = useFound(typed);
  const choices = useMemo(() => {
    const go = (run: () => void) => () => {
      onClose();
      run();
    };
    const pages: Choice[] = PAGES.map(({ to, name, about, icon }) => ({
      id: `page${to}`,
      group: 'Pages',
      title: name,
      about,
      picture: icon,
      run: go(() => void navigate({ to })),
    }));
    const actions: Choice[] = [
      {
        id: 'scheme',
        group: 'Actions',
        title: `Switch to ${other}`,
        about: 'Colours of the Studio',
        picture: other === 'light' ? <SunIcon /> : <MoonIcon />,
        run: go(switchScheme),
      },
    ];
    if (onHome)
      actions.push({
        id: 'explain',
        group: 'Actions',
        title: 'Explain this Home',
        about: 'Why each shelf and card stands where it stands',
        picture: <ExplainIcon />,
        run: go(() => void navigate({ to: '/', search: (now) => ({ ...now, explain: true as const }) })),
      });
    const listeners: Choice[] = found.listeners.map(({ id, profile }) => ({
      id: `listener ${id}`,
      group: 'Listeners',
      title: listenerName(id),
      about: profileText(profile),
      picture: <Avatar id={id} size={36} />,
      run: go(() => void navigate({ to: '/', search: { listener: id } })),
      runOther: go(() => void navigate({ to: '/listeners/$listenerId', params: { listenerId: id } })),
    }));
    const items: Choice[] = found.items.map((item) => ({
      id: `item ${item.id}`,
      group: 'Items',
      title: item.title,
      about: itemAbout(item),
      picture: <Cover card={{ id: item.id, kind: item.kind, title: item.title, image: item.image ?? '' }} />,
      run: go(() => void navigate({ to: '/catalogue/$itemId', params: { itemId: item.id } })),
    }));
    if (typed === '') return [...pages, ...actions, ...listeners];
    const fitting = (list: readonly Choice[]) => list.filter(({ title }) => beginsWords(title, typed));
    return [...fitting(pages), ...fitting(actions), ...listeners, ...items];
  }, [found.listeners, found.items, typed, other, onHome, switchScheme, navigate, onClose]);
  return { choices, waiting: found.waiting, failed: found.failed };
}

export default function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const base = useId();
  const typed = text.trim();
  const { choices, waiting, failed } = useChoices(typed, onClose);
  const active = Math.min(at, Math.max(choices.length - 1, 0));

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    list.current?.querySelectorAll('[role="option"]')[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && choices.length > 0) {
      event.preventDefault();
      setAt((active + step + choices.length) % choices.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const choice = choices[active];
      if (event.shiftKey && choice?.runOther !== undefined) choice.runOther();
      else choice?.run();
    }
  };

  const groups = [...new Set(choices.map(({ group }) => group))];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself; the click is one beside it
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label="Search"
      onCancel={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles.box}>
        <label className={styles.field}>
          <SearchIcon />
          <input
            autoFocus
            role="combobox"
            aria-expanded="true"
            aria-controls={`${base}-list`}
            aria-activedescendant={choices.length > 0 ? `${base}-${active}` : undefined}
            aria-label="Search listeners, items, pages and actions"
            placeholder="Listeners, items, pages, actions"
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
            autoComplete="off"
            spellCheck={false}
          />
          <kbd>Esc</kbd>
        </label>
        <div
          ref={list}
          id={`${base}-list`}
          role="listbox"
          aria-label="Found"
          className={styles.list}
          data-waiting={waiting}
        >
          {groups.map((group) => (
            // biome-ignore lint/a11y/useSemanticElements: a group of options in a list box has no element of its own
            <div key={group} role="group" aria-label={group}>
              <p className={styles.group} aria-hidden="true">
                {group}
              </p>
              {choices.map((choice, index) =>
                choice.group !== group ? null : (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the combobox
                  // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox, which names the active option
                  <div
                    key={choice.id}
                    id={`${base}-${index}`}
                    role="option"
                    aria-selected={index === active}
                    className={styles.option}
                    onClick={choice.run}
                    onPointerMove={() => setAt(index)}
                  >
                    <span className={styles.picture}>{choice.picture}</span>
                    <span className={styles.names}>
                      <span className={styles.title}>{choice.title}</span>
                      <span className={styles.about}>{choice.about}</span>
                    </span>
                  </div>
                ),
              )}
            </div>
          ))}
        </div>
        {choices.length === 0 && (
          <p className={styles.none} role="status">
            {failed !== null && failed !== undefined
              ? 'The platform does not answer; try again.'
              : waiting
                ? 'Looking …'
                : 'Nothing found'}
          </p>
        )}
        <p className={styles.keys} aria-hidden="true">
          <span>
            <kbd>↑</kbd>
            <kbd>↓</kbd> choose
          </span>
          <span>
            <kbd>⏎</kbd> open
          </span>
          {choices[active]?.runOther !== undefined && (
            <span>
              <kbd>⇧ ⏎</kbd> the listener’s page
            </span>
          )}
        </p>
      </div>
    </dialog>
  );
}
