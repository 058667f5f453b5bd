/** A listener's profile in words. */
import type { StoredListener } from '../../../src/server/contract.ts';

/** Tier, market and what else sets the listener apart. */
export function profileText(profile: StoredListener['profile']): string {
  return [profile.tier, profile.market, profile.ageBand === 'kid' ? 'kids' : undefined]
    .filter((part) => part !== undefined && part !== '')
    .join(' · ');
}

const languages = new Intl.DisplayNames('en', { type: 'language' });
const regions = new Intl.DisplayNames('en', { type: 'region' });

/** "Swedish" for sv. A code that no list knows stays as it is. */
export function languageName(code: string): string {
  return languages.of(code) ?? code;
}

/** "Sweden" for SE. */
export function marketName(code: string): string {
  return code === 'ZZ' ? 'Unknown market' : (regions.of(code) ?? code);
}
