/** A listener in a few English sentences: the state's numbers, rounded and said. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../base/index.ts';
import {
  DAY_PARTS,
  type Device,
  dayPartOf,
  type ListenerStateReport,
  resolveProfile,
  UNKNOWN_MARKET,
} from '../../domain/index.ts';

/** What the sentences are made from: the report without them. */
export type Telltale = Omit<ListenerStateReport, 'words'>;

export function inWords(state: Telltale, nowMs: number): string[] {
  const said = [who(state, nowMs)];
  if (state.totals.plays === 0) {
    said.push(nothingKnown(state));
    return said.concat(marks(state));
  }
  said.push(amount(state), ...tastes(state), ...habits(state), ...newest(state, nowMs));
  return said.concat(marks(state));
}

function who({ profile, createdAtMs, totals }: Telltale, nowMs: number): string {
  const { tier, market, language, ageBand, explicitAllowed } = resolveProfile(profile);
  const where = market === UNKNOWN_MARKET ? 'of an unknown market' : `in ${nameOf('region', market)}`;
  const age = ageBand === 'unknown' ? '' : ageBand === 'kid' ? ', a kid' : `, aged ${ageBand}`;
  const words = explicitAllowed ? '' : ', without explicit items';
  const sinceMs = totals.firstEventAtMs ?? createdAtMs;
  const since =
    nowMs - sinceMs < DAY_MS ? 'since today' : `for ${plural(Math.floor((nowMs - sinceMs) / DAY_MS), 'day')}`;
  return `On the ${tier} tier ${where}, spoken to in ${nameOf('language', language)}${age}${words}; known ${since}.`;
}

function nothingKnown({ profile }: Telltale): string {
  const picks = profile.onboardingPicks?.length ?? 0;
  return picks > 0
    ? `Has not played anything yet; Home begins with ${plural(picks, 'pick')} of sign-up.`
    : 'Nothing was played yet: Home shows what is popular.';
}

function amount({ totals }: Telltale): string {
  const { plays, skips, recentPlays } = totals;
  // Decayed with half-life 7 days, a steady r plays a day sum to r · 7 / ln 2.
  const perDay = (recentPlays * Math.LN2) / 7;
  const pace = perDay >= 0.95 ? `about ${Math.round(perDay)} a day of late` : 'less than one a day of late';
  const skipped = skips === 0 ? 'never skips' : `skips ${percent(skips / (plays + skips))}`;
  return `${plural(plays, 'play')} in all, ${pace}; ${skipped}.`;
}

function tastes({ genres, artists }: Telltale): string[] {
  const said: string[] = [];
  const some = genres.slice(0, 3).filter(({ share }) => share >= 0.05);
  const [first] = some;
  if (first !== undefined) {
    const list = listed(some.map(({ genre, share }) => `${genre} (${percent(share)})`));
    said.push(`${first.share >= 0.6 ? 'Nearly all is' : 'Mostly'} ${list}.`);
  }
  const [artist] = artists;
  if (artist !== undefined) {
    const names = artists.slice(0, 3).map(({ item }) => item.title);
    const loyal = artist.share >= 0.3 ? `, the first of them ${percent(artist.share)} of everything` : '';
    said.push(`Plays ${listed(names)} most${loyal}.`);
  }
  return said;
}

const DEVICE_WORDS: Readonly<Record<Device, string>> = {
  phone: 'the phone',
  desktop: 'the desktop',
  tablet: 'the tablet',
  tv: 'the TV',
  car: 'the car',
  speaker: 'a speaker',
  web: 'the web',
};

function habits({ hours, devices }: Telltale): string[] {
  const parts = DAY_PARTS.map((part) => ({
    part,
    share: hours.reduce((sum, share, hour) => (dayPartOf(hour) === part ? sum + share : sum), 0),
  })).sort((a, b) => b.share - a.share);
  const [when] = parts;
  const [device] = devices;
  if (when === undefined || when.share === 0 || device === undefined) return [];
  const time = `${percent(when.share)} ${when.part === 'night' ? 'at night' : when.part === 'midday' ? 'at midday' : `in the ${when.part}`}`;
  return [`Listens ${time} (UTC), ${percent(device.share)} on ${DEVICE_WORDS[device.device]}.`];
}

function newest({ recents, session }: Telltale, nowMs: number): string[] {
  const [last] = recents;
  if (last === undefined) return [];
  const open = session?.open === true ? ', in a session that is still open' : '';
  return [`Last heard ${last.item.title}, ${ago(nowMs - last.lastPlayedAtMs)}${open}.`];
}

function marks({ likes, follows, hides }: Telltale): string[] {
  const list: string[] = [];
  if (likes.length > 0) list.push(`likes ${likes.length}`);
  if (follows.length > 0) list.push(`follows ${listed(named(follows))}`);
  if (hides.length > 0) list.push(`has hidden ${plural(hides.length, 'thing')}`);
  if (list.length === 0) return [];
  const sentence = listed(list);
  return [`${sentence[0].toUpperCase()}${sentence.slice(1)}.`];
}

/** Three by name, the rest by number. */
function named(marked: readonly { readonly item: { readonly title: string } }[]): string[] {
  const names = marked.slice(0, 3).map(({ item }) => item.title);
  return marked.length > 3 ? [...names, `${marked.length - 3} more`] : names;
}

function nameOf(type: 'region' | 'language', code: string): string {
  return new Intl.DisplayNames('en', { type }).of(code) ?? code;
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(words);
}

function plural(count: number, word: string): string {
  return `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<1%' : `${Math.round(share * 100)}%`;
}

function ago(ms: number): string {
  if (ms < MINUTE_MS) return 'just now';
  if (ms < HOUR_MS) return `${plural(Math.floor(ms / MINUTE_MS), 'minute')} ago`;
  if (ms < 2 * DAY_MS) return `${plural(Math.floor(ms / HOUR_MS), 'hour')} ago`;
  return `${plural(Math.floor(ms / DAY_MS), 'day')} ago`;
}
