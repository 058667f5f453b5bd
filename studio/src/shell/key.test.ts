import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  currentKey,
  keyInFragment,
  keyInPaste,
  refuseKey,
  rememberKey,
  stateOfKey,
  takeKeyFromAddress,
} from './key.ts';

describe('the key', () => {
  it('is read from the fragment', () => {
    expect(keyInFragment('#key=sw_a-B_9')).toBe('sw_a-B_9');
    expect(keyInFragment('#key=a%2Bb')).toBe('a+b');
    for (const none of ['', '#', '#key=', '#other=1', '#keys=x', '#key=a b', '#key=ключ'])
      expect(keyInFragment(none)).toBe('');
  });

  it('may be pasted alone or inside its address', () => {
    expect(keyInPaste('  sw_abc\n')).toBe('sw_abc');
    expect(keyInPaste('http://127.0.0.1:7878/?listener=7#key=sw_abc ')).toBe('sw_abc');
    expect(keyInPaste('http://127.0.0.1:7878/')).toBe('http://127.0.0.1:7878/');
    for (const no of ['   ', 'sw_…', 'two words']) expect(keyInPaste(no)).toBe('');
  });
});

describe('the key in a tab', () => {
  const stored = new Map<string, string>();
  const replaceState = vi.fn();
  const location = { hash: '', pathname: '/', search: '?listener=7&device=tv' };
  beforeEach(() => {
    stored.clear();
    replaceState.mockClear();
    vi.stubGlobal('sessionStorage', {
      getItem: (name: string) => stored.get(name) ?? null,
      setItem: (name: string, text: string) => stored.set(name, text),
    });
    vi.stubGlobal('window', { location, history: { state: null, replaceState } });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('moves out of the address bar, and the rest of the address stays', () => {
    location.hash = '#key=sw_1';
    expect(takeKeyFromAddress()).toBe(true);
    expect(currentKey()).toBe('sw_1');
    expect(replaceState.mock.calls).toEqual([[null, '', '/?listener=7&device=tv']]);
  });

  it('stays as it is when the address holds none', () => {
    rememberKey('sw_1');
    location.hash = '#shelf';
    expect(takeKeyFromAddress()).toBe(false);
    expect(currentKey()).toBe('sw_1');
    expect(replaceState).not.toHaveBeenCalled();
  });

  it('is not in doubt because of an answer to the one before it', () => {
    rememberKey('sw_old');
    rememberKey('sw_new');
    refuseKey('sw_old');
    expect([currentKey(), stateOfKey()]).toEqual(['sw_new', 'present']);
    refuseKey('sw_new');
    expect(stateOfKey()).toBe('refused');
    rememberKey('sw_newer');
    expect(stateOfKey()).toBe('present');
  });
});
