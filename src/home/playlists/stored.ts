/** The stored form of a listener's generated playlists: at most 8 lists of 100 tracks, some 10 KB; usually 3 KB. */
import { ByteReader, type ByteWriter, ShelfwiseError } from '../../base/index.ts';
import { GENERATED_SLOTS } from '../../domain/index.ts';
import {
  type GeneratedList,
  type GeneratedTrack,
  type GroupOfLists,
  LIST_GROUPS,
  type ListGroup,
  TRACK_REASONS,
} from './lists.ts';

const FORMAT = 1;

/** The newest of each group that was made; a group that was never made is not there. */
export type ListenerPlaylists = { readonly [G in ListGroup]?: GroupOfLists };

export function encodePlaylists(playlists: ListenerPlaylists, out: ByteWriter): void {
  out.u8(FORMAT);
  for (const group of LIST_GROUPS) {
    const made = playlists[group];
    out.u8(made === undefined ? 0 : 1);
    if (made === undefined) continue;
    out.f64(made.fromMs);
    out.f64(made.untilMs);
    out.f64(made.madeAtMs);
    out.u32(made.follows);
    out.varint(made.lists.length);
    for (const { slot, familiarShare, tracks } of made.lists) {
      out.u8(slot);
      out.f64(familiarShare);
      out.varint(tracks.length);
      for (const { track, reason, about, familiar } of tracks) {
        out.u32(track);
        out.u8(2 * TRACK_REASONS.indexOf(reason) + (familiar ? 1 : 0));
        out.zigzag(about - track);
      }
    }
  }
}

/** Reads what `encodePlaylists` wrote; throws `STATE_CORRUPT` for anything else. */
export function decodePlaylists(bytes: Uint8Array): ListenerPlaylists {
  try {
    return decode(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'DECISION_CORRUPT')
      throw new ShelfwiseError('STATE_CORRUPT', `generated playlists: ${error.message}`, { cause: error });
    throw error;
  }
}

function decode(reader: ByteReader): ListenerPlaylists {
  const format = reader.u8();
  if (format !== FORMAT) throw new ShelfwiseError('STATE_CORRUPT', `generated playlists of format ${format}`);
  const playlists: { [G in ListGroup]?: GroupOfLists } = {};
  for (const group of LIST_GROUPS) {
    if (reader.u8() === 0) continue;
    const fromMs = reader.f64();
    const untilMs = reader.f64();
    const madeAtMs = reader.f64();
    const follows = reader.u32();
    const lists: GeneratedList[] = [];
    for (let left = reader.varint(); left > 0; left--) lists.push(decodeList(reader));
    playlists[group] = { fromMs, untilMs, madeAtMs, follows, lists };
  }
  if (reader.remaining > 0)
    throw new ShelfwiseError('STATE_CORRUPT', `${reader.remaining} bytes follow generated playlists`);
  return playlists;
}

function decodeList(reader: ByteReader): GeneratedList {
  const slot = reader.u8();
  if (slot >= GENERATED_SLOTS.length) throw new ShelfwiseError('STATE_CORRUPT', `generated playlist ${slot}`);
  const familiarShare = reader.f64();
  const tracks: GeneratedTrack[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const track = reader.u32();
    const bits = reader.u8();
    const reason = TRACK_REASONS[bits >> 1];
    if (reason === undefined) throw new ShelfwiseError('STATE_CORRUPT', `reason ${bits >> 1} of a generated playlist`);
    tracks.push({ track, reason, familiar: (bits & 1) === 1, about: track + reader.zigzag() });
  }
  return { slot, familiarShare, tracks };
}
