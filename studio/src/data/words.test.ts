import { describe, expect, it } from 'vitest';
import { againstText, figureText, lengthText, lostText, setText, shareText, shortNames, subjectText } from './words.ts';

describe('data in words', () => {
  it('names sets by what tells them apart', () => {
    expect(setText('training/2026-11-20')).toBe('training 20 Nov');
    expect(setText('play/2026-11-20T14')).toBe('play 20 Nov, 14:00');
    expect(shortNames(['training/2026-11-20', 'training/2026-11-19'])).toEqual(['20 Nov', '19 Nov']);
    expect(shortNames(['training/2026-11-20', 'serving/2026-11-20'])).toEqual(['training', 'serving']);
    expect(shortNames(['training/2026-11-20', 'serving/2026-11-19'])).toEqual(['training 20 Nov', 'serving 19 Nov']);
    expect(againstText('the 24 hours before')).toBe('the 24 hours before');
  });

  it('writes figures as short as they can be compared by', () => {
    expect([0, 12345, 6.28318, 0.41234, -0.00002, 8_016_712, 1200.5].map(figureText)).toEqual([
      '0',
      '12,345',
      '6.283',
      '0.412',
      '−2.0e−5',
      '8.017M',
      '1201',
    ]);
    expect(figureText(null)).toBe('–');
    expect([0, 0.0001, 0.034, 0.5].map(shareText)).toEqual(['0 %', '< 0.1 %', '3.4 %', '50 %']);
  });

  it('says what is lost, with its counts where they are known', () => {
    expect(lostText('premium', 0, 4210, 11_902, 0.35)).toBe(
      'premium: 4,210 of 11,902 examples in the span before, 0 in this one',
    );
    expect(lostText('premium', 3, null, null, 0.35)).toBe(
      'premium: 35 % of the examples in the span before, 3 in this one',
    );
  });

  it('says what a rule is about, and for how long', () => {
    expect(subjectText({ source: 'training', feature: '*', slice: 'tier_premium' })).toBe(
      'training · slice tier_premium',
    );
    expect(subjectText({ source: '*', feature: '*', slice: '*' })).toBe('everything');
    expect([90_000, 7_200_000, 172_800_000].map(lengthText)).toEqual(['2 minutes', '2 hours', '2 days']);
  });
});
