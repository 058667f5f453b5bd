/** Commands that look: `listener`, `items`, `doctor`, `status`. */
import { type Command, Option } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import { ITEM_KINDS, type Item, type ListenerProfile } from '../../domain/index.ts';
import type { DoctorReport, ItemList, ListenerList, ListenerSummary, PlatformStatus } from '../../server/index.ts';
import { ask, found, type GlobalOptions, print, query, type Run, withClient } from '../command.ts';
import { fitted, painter, printable } from '../io.ts';
import { wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';

export function registerLook(program: Command, run: Run): void {
  program
    .command('listener')
    .description('Show a listener: the profile, and what they play most.')
    .argument('<id>', 'id of the listener')
    .addHelpText('after', '\nExamples:\n  shelfwise listener 2\n  shelfwise listener 2 --json')
    .action(async (id: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<ListenerSummary>('GET', `/v1/listeners/${encodeURIComponent(id)}`),
        (listener) => listenerText(run, listener),
      );
    });

  program
    .command('listeners')
    .description('List listeners by id.')
    .option('--prefix <prefix>', 'only ids that begin with it')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1000), 50)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { prefix?: string; limit: number }>();
      const path = `/v1/listeners${query({ prefix: options.prefix, limit: options.limit })}`;
      await ask(run, options, (client) => client.request<ListenerList>('GET', path), listenersText);
    });

  const items = program.command('items').description('Look into the catalogue.');
  items
    .command('search')
    .description('Find items by title.')
    .argument('<text>', 'words of the title')
    .addOption(new Option('--kind <kind>', 'only this kind').choices([...ITEM_KINDS]))
    .option('--limit <count>', 'at most so many', wholeNumber(1, 200), 20)
    .addHelpText(
      'after',
      '\nExamples:\n  shelfwise items search "kind of blue"\n  shelfwise items search miles --kind artist',
    )
    .action(async (text: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { kind?: string; limit: number }>();
      const path = `/v1/items${query({ search: text, kind: options.kind, limit: options.limit })}`;
      await ask(
        run,
        options,
        (client) => client.request<ItemList>('GET', path),
        (list) => itemsText(run, list.items),
        (list) => list.items.length === 0,
      );
    });
  items
    .command('get')
    .description('Show one item.')
    .argument('<id>', 'id of the item')
    .action(async (id: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<Item>('GET', `/v1/items/${encodeURIComponent(id)}`),
        (item) => `${JSON.stringify(item, null, 2)}\n`,
      );
    });

  program
    .command('doctor')
    .description('Check the data directory: every log entry, epoch and table. Exit 1 when something is wrong.')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const report = await withProgress(
        run.cli,
        'Checking the data directory',
        (update) =>
          orDamage(() =>
            withClient(run, options, (client) =>
              client.request<DoctorReport>('POST', '/v1/admin/doctor', undefined, (stage) => update(0, stage)),
            ),
          ),
        ({ checks }) => `${checks.length} checks`,
      );
      if (!report.healthy) found(run);
      print(run, options, report, () => doctorText(run, report));
    });

  program
    .command('status')
    .description('Show what the platform holds and does.')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      await ask(run, options, (client) => client.request<PlatformStatus>('GET', '/v1/status'), statusText);
    });
}

/** A directory that is too damaged to be opened is examined as far as the damage: that is the report. */
async function orDamage(examine: () => Promise<DoctorReport>): Promise<DoctorReport> {
  try {
    return await examine();
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || !error.code.endsWith('_CORRUPT')) throw error;
    const remedy = 'Restore the damaged file from a backup.';
    return { healthy: false, checks: [{ name: 'opening', outcome: 'error', detail: error.message, remedy }] };
  }
}

function listenerText(run: Run, listener: ListenerSummary): string {
  const paint = painter(run.cli);
  const last = listener.lastEventAtMs === null ? 'never' : new Date(listener.lastEventAtMs).toISOString();
  const lines = [
    `${paint('bold', printable(listener.id))}  ${paint('dim', profileText(listener.profile) || 'no profile')}`,
    `  ${Math.round(listener.totalPlays)} plays, last event ${last}`,
  ];
  for (const { id, title, plays } of listener.topItems) {
    lines.push(
      `  ${String(Math.round(plays)).padStart(7)}  ${fitted(printable(title), 40)} ${paint('dim', printable(id))}`,
    );
  }
  if (listener.topGenres.length > 0) {
    const genres = listener.topGenres.map(({ genre, plays }) => `${printable(genre)} ${Math.round(plays)}`);
    lines.push(`  genres: ${genres.join(', ')}`);
  }
  if (listener.followed.length > 0) lines.push(`  follows: ${listener.followed.map(printable).join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function listenersText(list: ListenerList): string {
  const lines = list.listeners.map(({ id, profile }) => `${fitted(printable(id), 30)} ${profileText(profile)}`);
  if (list.nextCursor !== null) lines.push('… and more');
  return `${lines.join('\n')}\n`;
}

function profileText(profile: ListenerProfile): string {
  return printable(
    Object.entries(profile)
      .map(([name, chosen]) => `${name} ${String(chosen)}`)
      .join(', '),
  );
}

function itemsText(run: Run, items: readonly Item[]): string {
  if (items.length === 0) return 'No title matches.\n';
  const paint = painter(run.cli);
  const lines = items.map(({ id, kind, title, creators }) => {
    const by = creators?.[0] === undefined ? '' : printable(creators[0].name);
    return `${kind.padEnd(8)} ${fitted(printable(title), 40)} ${fitted(by, 28)} ${paint('dim', printable(id))}`;
  });
  return `${lines.join('\n')}\n`;
}

function doctorText(run: Run, report: DoctorReport): string {
  const paint = painter(run.cli);
  const marks = { ok: paint('green', 'ok     '), warning: paint('yellow', 'warning'), error: paint('red', 'error  ') };
  const lines = report.checks.flatMap(({ name, outcome, detail, remedy }) => [
    `${marks[outcome]}  ${name}: ${detail}`,
    ...(outcome === 'ok' || remedy === '' ? [] : [`         ${remedy}`]),
  ]);
  lines.push(report.healthy ? 'Healthy.' : 'Not healthy.');
  return `${lines.join('\n')}\n`;
}

function statusText(status: PlatformStatus): string {
  const lines = [
    `Shelfwise ${status.version}: ${status.ready ? 'ready' : 'not ready'}`,
    `  ${status.items} items, ${status.listeners} listeners, ${status.events} events, ${status.decisions} decisions`,
    ...Object.entries(status.epochs).map(([kind, hash]) => `  epoch ${kind}: ${hash}`),
    ...Object.entries(status.background).map(([name, text]) => `  ${name}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}
