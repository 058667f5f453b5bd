/** `shelfwise playlists`: what was made for a listener, or one of it with its tracks. */
import type { Command } from 'commander';
import type { Playlist, PlaylistList } from '../../server/index.ts';
import { ask, type GlobalOptions, query, type Run } from '../command.ts';
import { painter, printable } from '../io.ts';

type Painter = ReturnType<typeof painter>;

interface PlaylistsOptions extends GlobalOptions {
  readonly id?: string;
  readonly at?: string;
  readonly market?: string;
  readonly tier?: string;
}

export function registerPlaylists(program: Command, run: Run): void {
  program
    .command('playlists')
    .description('Show the playlists made for a listener: daily mixes, the weekly discovery, the release radar.')
    .argument('<listener>', 'id of the listener')
    .option('--id <playlist>', 'one of them with its tracks, such as generated:daily-mix-1')
    .option('--at <time>', 'as of another time, such as 2026-11-24T08:30:00Z')
    .option('--market <market>', "ISO 3166-1 alpha-2; overrides the listener's")
    .option('--tier <tier>', "overrides the listener's")
    .addHelpText(
      'after',
      `
Examples:
  shelfwise playlists 2
  shelfwise playlists 2 --id generated:weekly-discovery
  shelfwise playlists 2 --json | jq '.playlists[] | {title, validUntil}'`,
    )
    .action(async (listener: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PlaylistsOptions>();
      const { id, at, market, tier } = options;
      if (id === undefined) {
        const path = `/v1/listeners/${encodeURIComponent(listener)}/playlists${query({ at, market, tier })}`;
        await ask(
          run,
          options,
          (client) => client.request<PlaylistList>('GET', path),
          (list) => listText(list, painter(run.cli)),
        );
        return;
      }
      const path = `/v1/playlists/${encodeURIComponent(id)}${query({ listener, at, market, tier })}`;
      await ask(
        run,
        options,
        (client) => client.request<Playlist>('GET', path),
        (playlist) => playlistText(playlist, painter(run.cli)),
      );
    });
}

function listText({ playlists }: PlaylistList, paint: Painter): string {
  if (playlists.length === 0)
    return 'Nothing was made for this listener: too little was played or picked, or no fit was made.\n';
  return playlists
    .map(
      ({ id, title, subtitle, trackCount, mix, validUntil }) =>
        `${paint('bold', printable(title))}\n  ${printable(subtitle)}\n  ${paint('dim', `${id} · ${trackCount} tracks${mixText(mix)} · until ${validUntil}`)}\n`,
    )
    .join('\n');
}

function playlistText({ title, reason, mix, validUntil, tracks }: Playlist, paint: Painter): string {
  const head = `${paint('bold', printable(title))}\n${reason}\n${paint('dim', `${tracks.length} tracks${mixText(mix)} · until ${validUntil}`)}\n\n`;
  const width = String(tracks.length).length;
  return (
    head +
    tracks
      .map((track, i) => {
        const place = String(i + 1).padStart(width);
        return `${place}  ${printable(track.title)}  ${paint('dim', `${printable(`${track.subtitle} · ${track.reason}`)}${track.familiar ? '' : ' · new'}`)}\n`;
      })
      .join('')
  );
}

function mixText(mix: Playlist['mix']): string {
  if (mix === null) return '';
  return ` · ${Math.round(100 * mix.familiar)}% known, ${Math.round(100 * mix.new)}% new`;
}
