/**
 * Rows of a person's own streaming history, in its two forms, as one play each.
 *
 * | | account data | extended |
 * | --- | --- | --- |
 * | files | `StreamingHistory0.json`, `StreamingHistory_music_0.json`, `StreamingHistory_podcast_0.json` | `endsong_0.json`, `Streaming_History_Audio_2019-2021_0.json` |
 * | end of the play | `endTime`, to the minute, UTC | `ts`, to the second |
 * | music | `artistName`, `trackName` | `master_metadata_…`, `spotify_track_uri` |
 * | podcasts | `podcastName`, `episodeName` | `episode_show_name`, `episode_name`, `spotify_episode_uri` |
 * | how long | `msPlayed` | `ms_played` |
 *
 * What tells of the person and not of the listening (`username`, `ip_addr…`, `user_agent_decrypted`) is never read.
 */
import type { Device } from '../domain/index.ts';
import { RowProblem, shown, toInstant, toNumber } from './columns.ts';

export interface HistoryPlay {
  readonly endMs: number;
  readonly playedMs: number;
  readonly spoken: boolean;
  /** Artist, or show. */
  readonly creator: string;
  /** Of the track or episode. */
  readonly title: string;
  /** '' where the row does not say. */
  readonly album: string;
  readonly uri: string;
  readonly device: Device | undefined;
  /** ISO 3166-1 alpha-2, or ''. */
  readonly country: string;
  /** It was left for the next before its end. */
  readonly skipped: boolean;
  /** It ran to its end: how long it was played is how long it is. */
  readonly complete: boolean;
  readonly extended: boolean;
}

/** Rows that say nothing of listening that could be kept, and why. */
export type PassedOver = 'incognito' | 'audiobook';

const DAY_MS = 86_400_000;

/** Left for the next so early, it was skipped, also in the years when the export did not say so. */
const SKIPPED_BEFORE_MS = 30_000;

/** @throws RowProblem for a row that is no play. */
export function historyPlayOf(row: unknown): HistoryPlay | PassedOver {
  if (row === null || typeof row !== 'object' || Array.isArray(row)) throw new RowProblem('the row is not an object');
  const fields = row as Record<string, unknown>;
  if (fields['ts'] !== undefined) return extendedPlay(fields);
  if (fields['endTime'] !== undefined) return accountPlay(fields);
  throw new RowProblem('the row has neither "ts" nor "endTime"');
}

function accountPlay(fields: Record<string, unknown>): HistoryPlay {
  const spoken = fields['podcastName'] !== undefined || fields['episodeName'] !== undefined;
  return {
    endMs: timeOf('endTime', fields['endTime']),
    playedMs: lengthOf('msPlayed', fields['msPlayed']),
    spoken,
    creator: nameOf(spoken ? 'podcastName' : 'artistName', fields),
    title: nameOf(spoken ? 'episodeName' : 'trackName', fields),
    album: '',
    uri: '',
    device: undefined,
    country: '',
    skipped: false,
    complete: false,
    extended: false,
  };
}

function extendedPlay(fields: Record<string, unknown>): HistoryPlay | PassedOver {
  if (fields['incognito_mode'] === true) return 'incognito';
  const track = text(fields['master_metadata_track_name']);
  const spoken = track === '' && text(fields['episode_name']) !== '';
  if (track === '' && !spoken && text(fields['audiobook_title']) !== '') return 'audiobook';
  const playedMs = lengthOf('ms_played', fields['ms_played']);
  const reasonEnd = text(fields['reason_end']);
  return {
    endMs: timeOf('ts', fields['ts']),
    playedMs,
    spoken,
    creator: nameOf(spoken ? 'episode_show_name' : 'master_metadata_album_artist_name', fields),
    title: nameOf(spoken ? 'episode_name' : 'master_metadata_track_name', fields),
    album: spoken ? '' : text(fields['master_metadata_album_album_name']),
    uri: text(fields[spoken ? 'spotify_episode_uri' : 'spotify_track_uri']),
    device: deviceOf(text(fields['platform'])),
    country: /^[A-Z]{2}$/.test(text(fields['conn_country'])) ? text(fields['conn_country']) : '',
    skipped: fields['skipped'] === true || (reasonEnd === 'fwdbtn' && playedMs < SKIPPED_BEFORE_MS),
    complete: reasonEnd === 'trackdone',
    extended: true,
  };
}

/** Names are data of others: what cannot stand on one line of at most 500 characters is made to. */
function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .toWellFormed()
    .trim()
    .slice(0, 500);
}

function nameOf(field: string, fields: Record<string, unknown>): string {
  const name = text(fields[field]);
  if (name === '') throw new RowProblem(`${field} is missing`);
  return name;
}

function timeOf(field: string, value: unknown): number {
  if (typeof value !== 'string') throw new RowProblem(`${field} is not a time: ${shown(value)}`);
  return Date.parse(toInstant(field, value));
}

function lengthOf(field: string, value: unknown): number {
  const ms = toNumber(field, value);
  if (ms < 0 || ms > DAY_MS) throw new RowProblem(`${field} is not from 0 to a day: ${shown(value)}`);
  return Math.round(ms);
}

/** What exports call a platform is free text of many years and makers; the first that fits. */
const PLATFORMS: readonly (readonly [RegExp, Device])[] = [
  [/\b(car|carplay|automotive|android auto|tesla|toyota|ford|bmw|volvo)\b/i, 'car'],
  [/\btv\b|_tv|tizen|webos|roku|chromecast|playstation|\bps[345]\b|xbox|fire ?tv|bravia/i, 'tv'],
  [/speaker|sonos|echo|alexa|google ?home|cast_audio|cast\b|bose|denon|yamaha|garmin/i, 'speaker'],
  [/ipad|tablet/i, 'tablet'],
  [/web ?player|\bweb_/i, 'web'],
  [/android|ios\b|iphone|windows phone/i, 'phone'],
  [/windows|os ?x|osx|macos|linux|chrome ?os/i, 'desktop'],
];

export function deviceOf(platform: string): Device | undefined {
  return PLATFORMS.find(([pattern]) => pattern.test(platform))?.[1];
}
