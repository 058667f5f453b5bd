/** Commands for keys of the API: made, listed, rotated, limited, revoked. */
import { type Command, Option } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { ApiScope } from '../../platform/index.ts';
import type { CreatedKey, KeyList, ListedKey, RateLimit, RotatedKey } from '../../server/index.ts';
import { ask, type GlobalOptions, type Run } from '../command.ts';
import { finiteNumber, wholeNumber } from '../parse.ts';

/** Of the platform; a record, so that none can be forgotten. */
const SCOPE_NAMES = Object.keys({ ingest: 1, serve: 1, explain: 1, admin: 1 } satisfies Record<ApiScope, 1>);

interface LimitOptions {
  readonly rate?: number;
  readonly burst?: number;
}

const MAX_RATE = 1_000_000;
const rateOption = () =>
  new Option('--rate <requests>', 'requests a second in the long run').argParser(finiteNumber(0.001, MAX_RATE));
const burstOption = () =>
  new Option('--burst <requests>', 'requests at once, after a quiet time; by default two seconds of --rate').argParser(
    wholeNumber(1, MAX_RATE),
  );

function limitOf({ rate, burst }: LimitOptions): RateLimit | null {
  if (rate === undefined) {
    if (burst !== undefined) throw new ShelfwiseError('OPTION_INVALID', '--burst goes with --rate');
    return null;
  }
  return { requestsPerSecond: rate, burst: burst ?? Math.min(MAX_RATE, Math.max(1, Math.ceil(2 * rate))) };
}

export function registerKeys(program: Command, run: Run): void {
  const keys = program.command('keys').description('Keys of the API.');
  keys
    .command('create')
    .description('Make a key; its secret is shown once.')
    .argument('<name>', 'what it is for')
    .addOption(
      new Option(
        '--scope <scope...>',
        'ingest: events, items, listeners; serve: Homes; explain: decisions, replay, lists, status; admin: everything',
      )
        .choices(SCOPE_NAMES)
        .makeOptionMandatory(),
    )
    .addOption(rateOption())
    .addOption(burstOption())
    .addHelpText(
      'after',
      `
Examples:
  shelfwise keys create phone-app --scope serve ingest
  shelfwise keys create partner --scope serve --rate 50 --burst 100`,
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LimitOptions & { scope: string[] }>();
      const body = { name, scopes: [...new Set(options.scope)], limit: limitOf(options) };
      await ask(
        run,
        options,
        (client) => client.request<CreatedKey>('POST', '/v1/keys', body),
        ({ secret }) => `${secret}\n`,
      );
    });
  keys
    .command('list')
    .description('The keys that were made: scopes, limits, when they were last used.')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<KeyList>('GET', '/v1/keys'),
        ({ keys }) => (keys.length === 0 ? 'No keys were made.\n' : keys.map(keyText).join('')),
      );
    });
  keys
    .command('rotate')
    .description('Give a key a new secret, shown once; the old one works for the overlap, then dies.')
    .argument('<name>', 'of the key, as `keys list` shows it')
    .option('--overlap <seconds>', 'for so long both secrets work', wholeNumber(0, 7 * 24 * 3600), 3600)
    .addHelpText(
      'after',
      '\nExamples:\n  shelfwise keys rotate phone-app --overlap 86400\n  shelfwise keys rotate leaked --overlap 0',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { overlap: number }>();
      const path = `/v1/keys/${encodeURIComponent(name)}/rotate`;
      await ask(
        run,
        options,
        (client) => client.request<RotatedKey>('POST', path, { overlapSeconds: options.overlap }),
        ({ secret, oldSecretDiesAtMs }) => {
          run.cli.err(`The old secret works until ${timeText(oldSecretDiesAtMs)}.\n`);
          return `${secret}\n`;
        },
      );
    });
  keys
    .command('limit')
    .description('Limit how often a key may ask; without --rate it may as often as it likes.')
    .argument('<name>', 'of the key, as `keys list` shows it')
    .addOption(rateOption())
    .addOption(burstOption())
    .addHelpText(
      'after',
      '\nExamples:\n  shelfwise keys limit partner --rate 50 --burst 100\n  shelfwise keys limit partner',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LimitOptions>();
      const path = `/v1/keys/${encodeURIComponent(name)}/limit`;
      await ask(
        run,
        options,
        (client) => client.request<{ name: string; limit: RateLimit | null }>('PUT', path, { limit: limitOf(options) }),
        ({ limit }) => `${name}: ${limitText(limit)}\n`,
      );
    });
  keys
    .command('revoke')
    .description('Revoke a key that was made: it is good for nothing from then on.')
    .argument('<name>', 'of the key, as `keys list` shows it')
    .addHelpText('after', '\nExamples:\n  shelfwise keys revoke phone-app')
    .action(async (name: string, _options: unknown, command: Command) => {
      const path = `/v1/keys/${encodeURIComponent(name)}`;
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => ({ name, ...(await client.request<{ revoked: boolean }>('DELETE', path)) }),
        () => `${name} is revoked\n`,
      );
    });
}

function keyText({ name, scopes, limit, lastUsedAtMs, oldSecretDiesAtMs }: ListedKey): string {
  const used = lastUsedAtMs === null ? 'never used' : `last used ${timeText(lastUsedAtMs)}`;
  const rotating = oldSecretDiesAtMs === null ? '' : `, old secret works until ${timeText(oldSecretDiesAtMs)}`;
  return `${name}  ${scopes.join(' ')}  ${limitText(limit)}, ${used}${rotating}\n`;
}

function limitText(limit: RateLimit | null): string {
  return limit === null ? 'no limit' : `${limit.requestsPerSecond} a second, ${limit.burst} at once`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
