/**
 * The key that the page shows to the API. `shelfwise up` prints the page's address with it in the fragment
 * (`/#key=sw_…`), which browsers send to nobody; from there it goes into this tab's storage and out of the address bar.
 * Storage of the tab and not of the site: it is the platform's own key, and tomorrow another program, or another user of
 * this machine, may listen at the same port and read whatever the site has left behind.
 */
import { useSyncExternalStore } from 'react';

const STORAGE = 'shelfwise-key';

export type KeyState = 'present' | 'missing' | 'refused';

let refused = '';
const changed = new EventTarget();

function announce(): void {
  changed.dispatchEvent(new Event('change'));
}

function subscribe(onChange: () => void): () => void {
  changed.addEventListener('change', onChange);
  return () => changed.removeEventListener('change', onChange);
}

/** Without what no header could carry: a key is printable ASCII. */
function plausible(text: string): string {
  const key = text.trim();
  return /^[\x21-\x7e]+$/.test(key) ? key : '';
}

/** The key in a fragment such as `#key=sw_…`; empty without one. */
export function keyInFragment(fragment: string): string {
  return plausible(new URLSearchParams(fragment.replace(/^#/, '')).get('key') ?? '');
}

/** What somebody pasted: a key, or the whole address that has it in its fragment. Empty when it can be neither. */
export function keyInPaste(pasted: string): string {
  const fragment = pasted.indexOf('#');
  return (fragment < 0 ? '' : keyInFragment(pasted.slice(fragment))) || plausible(pasted);
}

/** Empty without one. */
export function currentKey(): string {
  return sessionStorage.getItem(STORAGE) ?? '';
}

export function rememberKey(key: string): void {
  refused = '';
  sessionStorage.setItem(STORAGE, key);
  announce();
}

/** The server does not know this key. What it says of a key that has been replaced since does not matter. */
export function refuseKey(key: string): void {
  if (key !== currentKey() || key === refused) return;
  refused = key;
  announce();
}

/** Moves a key from the address bar into this tab; true when there was one. The rest of the address stays. */
export function takeKeyFromAddress(): boolean {
  const key = keyInFragment(window.location.hash);
  if (key === '') return false;
  window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  rememberKey(key);
  return true;
}

export function stateOfKey(): KeyState {
  const key = currentKey();
  if (key === '') return 'missing';
  return key === refused ? 'refused' : 'present';
}

export function useKeyState(): KeyState {
  return useSyncExternalStore(subscribe, stateOfKey);
}
