/** `shelfwise alerts`: what fires and fired, silences, and whether the routes work. */
import type { Command } from 'commander';
import { HOUR_MS, MINUTE_MS, ShelfwiseError } from '../../base/index.ts';
import type { AlertList, AlertRuleList, AlertTest, AlertView, SilenceList, SilenceView } from '../../server/index.ts';
import { ask, type GlobalOptions, query, type Run } from '../command.ts';
import { printable } from '../io.ts';
import { wholeNumber } from '../parse.ts';
import { tableOf } from './data-schema.ts';

interface ListOptions extends GlobalOptions {
  readonly limit?: number;
}

interface SilenceOptions extends GlobalOptions {
  readonly rule?: string;
  readonly source?: string;
  readonly finding?: string;
  readonly feature?: string;
  readonly slice?: string;
  readonly for: string;
  readonly reason: string;
  readonly author?: string;
}

export function registerAlerts(program: Command, run: Run): void {
  const alerts = program
    .command('alerts')
    .description(
      'What is wrong now and was, who is told, and who is not for a while. Rules and routes stand in the configuration file.',
    );

  alerts
    .command('list')
    .description('Alerts that last, silences, rules and routes. Exit code 1 where one of severity error fires.')
    .addHelpText('after', '\nExamples:\n  shelfwise alerts list\n  shelfwise alerts list --json')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => ({
          ...(await client.request<AlertList>('GET', '/v1/alerts?state=active&limit=1000')),
          ...(await client.request<SilenceList>('GET', '/v1/alerts/silences')),
          ...(await client.request<AlertRuleList>('GET', '/v1/alerts/rules')),
        }),
        listText,
        (answer) => answer.alerts.some(({ state, severity }) => state === 'firing' && severity === 'error'),
      );
    });

  alerts
    .command('history')
    .description('Alerts, newest first, those that have ended too.')
    .option('--limit <count>', 'how many (default 50)', wholeNumber(1, 1000))
    .addHelpText('after', '\nExamples:\n  shelfwise alerts history --limit 200')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      await ask(
        run,
        options,
        (client) => client.request<AlertList>('GET', `/v1/alerts${query({ limit: options.limit ?? 50 })}`),
        (answer) => (answer.alerts.length === 0 ? 'There was none.\n' : alertsText(answer.alerts)),
      );
    });

  alerts
    .command('silence')
    .description(
      'Tell nobody of the alerts that match, for a while; they go on being kept. * stands for any run of characters.',
    )
    .option('--rule <name>', 'of this rule')
    .option('--source <name>', 'of this stream: training, play, platform, …')
    .option('--finding <name>', 'of this type of anomaly, distance or statistic')
    .option('--feature <name>', 'of this feature')
    .option('--slice <name>', 'of this slice, such as tier_premium')
    .requiredOption('--for <length>', 'how long: 30m, 12h, 7d')
    .requiredOption('--reason <text>', 'why')
    .option('--author <name>', 'who says so (default: the name that this machine knows you by)')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise alerts silence --source training --slice 'tier_*' --for 12h --reason 'backfill under way'
  shelfwise alerts silence --rule 'data errors' --for 30m --reason deployment --author Ada`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SilenceOptions>();
      const { rule, source, finding, feature, slice, reason } = options;
      const matcher = Object.fromEntries(
        Object.entries({ rule, source, name: finding, feature, slice }).filter(([, glob]) => glob !== undefined),
      );
      if (Object.keys(matcher).length === 0)
        throw new ShelfwiseError(
          'OPTION_INVALID',
          'say what is silenced: --rule, --source, --finding, --feature or --slice',
        );
      const author = options.author ?? run.cli.env['USER'] ?? run.cli.env['USERNAME'] ?? '';
      if (author === '') throw new ShelfwiseError('OPTION_INVALID', 'nobody knows who you are: say so with --author');
      const untilMs = run.cli.clock.nowMs() + lengthOf(options.for);
      await ask(
        run,
        options,
        (client) => client.request<SilenceView>('POST', '/v1/alerts/silences', { matcher, author, reason, untilMs }),
        (silence) =>
          `Silent until ${timeText(silence.untilMs)}: ${silenceText(silence)}\nshelfwise alerts unsilence ${silence.id} ends it.\n`,
      );
    });

  alerts
    .command('unsilence')
    .description('End a silence now; what still fires is told.')
    .argument('<id>', 'as `alerts list` shows it')
    .addHelpText('after', '\nExamples:\n  shelfwise alerts unsilence 3f2a9c0d1e4b5a67')
    .action(async (id: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => {
          await client.request('DELETE', `/v1/alerts/silences/${encodeURIComponent(id)}`);
          return { ended: id };
        },
        ({ ended }) => `The silence ${printable(ended)} has ended.\n`,
      );
    });

  alerts
    .command('test')
    .description('Send a notice that says it is a test. Exit code 1 where a route does not deliver.')
    .argument('[route]', 'one route by its name (default: every one)')
    .addHelpText('after', '\nExamples:\n  shelfwise alerts test\n  shelfwise alerts test "on call"')
    .action(async (route: string | undefined, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<AlertTest>('POST', '/v1/alerts/test', route === undefined ? {} : { route }),
        ({ routes }) =>
          routes
            .map(
              ({ route: name, delivered, reason }) =>
                `${delivered ? 'ok      ' : 'FAILED  '}${printable(name)}${reason === '' ? '' : `: ${printable(reason)}`}\n`,
            )
            .join(''),
        ({ routes }) => routes.some(({ delivered }) => !delivered),
      );
    });
}

const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: 24 * HOUR_MS };

function lengthOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count === undefined || Number(count) === 0)
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `--for is "${text}"; it takes minutes, hours or days, such as 30m, 12h, 7d`,
    );
  return Number(count) * UNITS[unit];
}

const timeText = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')}Z`;

function silenceText({ matcher, author, reason }: SilenceView): string {
  const parts = Object.entries(matcher).map(([field, glob]) => `${field === 'name' ? 'finding' : field} ${glob}`);
  return printable(`${parts.join(', ')} (${author}: ${reason})`);
}

function listText({ alerts, silences, rules, routes }: AlertList & SilenceList & AlertRuleList): string {
  const lines = [
    alerts.length === 0 ? 'Nothing fires.' : alertsText(alerts).trimEnd(),
    ...(silences.length === 0
      ? []
      : ['', 'Silences', ...silences.map((one) => `  ${one.id}  until ${timeText(one.untilMs)}  ${silenceText(one)}`)]),
    '',
    'Rules',
    ...tableOf(
      ['name', 'about', 'from', 'routes'],
      rules.map((rule) => [rule.name, aboutOf(rule), rule.from, rule.routes.join(', ')]),
    ).map((line) => `  ${line}`),
    '',
    'Routes',
    ...routes.map(
      ({ name, to, problem }) => `  ${printable(name)} (${to})${problem === '' ? '' : `: ${printable(problem)}`}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function aboutOf({
  kind,
  finding,
  source,
  feature,
  slice,
  severity,
  above,
  below,
}: AlertRuleList['rules'][number]): string {
  const parts = [
    finding === '*' ? kind : `${kind} ${finding}`,
    ...(source === '*' ? [] : [`of ${source}`]),
    ...(feature === '*' ? [] : [feature === '' ? 'of the whole set' : `feature ${feature}`]),
    ...(slice === '*' ? [] : [slice === '' ? 'all rows' : `slice ${slice}`]),
    ...(severity === 'info' ? [] : [`${severity} or worse`]),
    ...(above === null ? [] : [`above ${above}`]),
    ...(below === null ? [] : [`below ${below}`]),
  ];
  return printable(parts.join(', '));
}

function alertsText(alerts: readonly AlertView[]): string {
  const lines = alerts.flatMap((alert) => {
    const { state, severity, source, feature, slice, name, beganAtMs, endedAtMs, ending, silenced, text } = alert;
    const subject = [source, feature, slice, name].filter((part) => part !== '').join(' · ');
    const until = endedAtMs === null ? '' : ` to ${timeText(endedAtMs)} (${ending})`;
    return [
      `${state.padEnd(10)}${severity.padEnd(8)}${printable(subject)}${silenced ? '  [silenced]' : ''}`,
      `          since ${timeText(beganAtMs)}${until}: ${printable(text)}`,
    ];
  });
  return `${lines.join('\n')}\n`;
}
