import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';
import { greetingAt } from './greeting.ts';
import { coloursOf, initialsOf, listenerName } from './identity.ts';

describe('the address', () => {
  it('names a listener, a device and the explanation, and reads what it wrote', () => {
    const address = { listener: 'Zoë & co/7', device: 'tv', explain: true } as const;
    expect(parseAddress(formatAddress(address), 'phone')).toEqual(address);
  });

  it('falls back where something is missing or unknown', () => {
    expect(parseAddress('', 'desktop')).toEqual({ listener: '', device: 'desktop', explain: false });
    expect(parseAddress('?device=toaster&listener=7', 'phone')).toEqual({
      listener: '7',
      device: 'phone',
      explain: false,
    });
    expect(parseAddress('?device=toString', 'phone').device).toBe('phone');
  });
});

describe('faces without a picture', () => {
  it('have initials of any script', () => {
    expect(initialsOf('Velvet Harbour')).toBe('VH');
    expect(initialsOf('Björk')).toBe('BJ');
    expect(initialsOf('椎名 林檎')).toBe('椎林');
    expect(initialsOf('!!!')).toBe('♪');
  });

  it('keep their colours', () => {
    expect(coloursOf('track-1')).toEqual(coloursOf('track-1'));
    expect(coloursOf('track-1')).not.toEqual(coloursOf('track-2'));
  });

  it('call bare numbers listeners', () => {
    expect(listenerName('2')).toBe('Listener 2');
    expect(listenerName('mira')).toBe('mira');
  });
});

describe('the greeting', () => {
  it('follows the hours', () => {
    expect([3, 5, 11, 12, 17, 18, 22, 23].map(greetingAt)).toEqual([
      'Still up?',
      'Good morning',
      'Good morning',
      'Good afternoon',
      'Good afternoon',
      'Good evening',
      'Good evening',
      'Still up?',
    ]);
  });
});
