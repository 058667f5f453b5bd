/** What stands around every page: the way past it, the navigation, the search over everything, and the question for a key. */
import { useHotkeys } from '@mantine/hooks';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useState } from 'react';
import { useKeyState } from './key.ts';
import styles from './layout.module.css';
import { Navigation } from './navigation.tsx';
import { PaletteContext } from './palette-context.ts';
import { KeyRequest } from './states.tsx';

const CommandPalette = lazy(() => import('./command-palette.tsx'));

function skipToPage(): void {
  document.getElementById('main')?.focus();
}

/** Nothing is asked of the platform before there is a key; the address waits for it. */
export function Layout() {
  const key = useKeyState();
  const [searching, setSearching] = useState(false);
  const openPalette = useCallback(() => setSearching(true), []);
  const closePalette = useCallback(() => setSearching(false), []);
  const present = key === 'present';
  useHotkeys(
    [
      ['mod+K', () => present && setSearching((open) => !open)],
      ['/', () => present && openPalette()],
    ],
    ['INPUT', 'TEXTAREA', 'SELECT'],
  );
  return (
    <PaletteContext value={openPalette}>
      <button type="button" className={styles.skip} onClick={skipToPage}>
        Skip to the page
      </button>
      <div className={styles.frame}>
        <Navigation onSearch={openPalette} enabled={present} />
        <div className={styles.content}>
          {present ? (
            <Outlet />
          ) : (
            <main id="main" tabIndex={-1}>
              <KeyRequest
                complaint={key === 'refused' ? 'The platform does not know the key that this page has.' : ''}
              />
            </main>
          )}
        </div>
      </div>
      {searching && present && (
        <Suspense>
          <CommandPalette onClose={closePalette} />
        </Suspense>
      )}
    </PaletteContext>
  );
}
