/** `shelfwise campaigns`: what editors put on Homes. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import type { Campaign, CampaignList, StoredCampaign } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, type GlobalOptions, type Run } from '../command.ts';
import { printable } from '../io.ts';

export function registerCampaigns(program: Command, run: Run): void {
  const campaigns = program.command('campaigns').description('Rows that editors put on Homes.');
  campaigns
    .command('list')
    .description('All campaigns, also those that are over or not yet begun.')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => client.request<CampaignList>('GET', '/v1/campaigns'),
        ({ campaigns: all }) =>
          all.length === 0
            ? 'There are no campaigns.\n'
            : all.map((one) => lineOf(one, run.cli.clock.nowMs())).join(''),
      );
    });
  campaigns
    .command('put')
    .description('Store the campaign of a file, or the campaigns of a list, each in the place of one with its id.')
    .argument('<file>', 'JSON: {"id", "title", "items", "startsAt", "endsAt", …}, or an array of such')
    .addHelpText(
      'after',
      `
A campaign:
  {"id": "summer", "title": {"en": "Songs of summer", "de": "Lieder des Sommers"}, "items": ["album-1", "track-9"],
   "startsAt": "2026-06-01T00:00:00Z", "endsAt": "2026-09-01T00:00:00Z",
   "audience": {"markets": ["SE", "DE"], "share": 0.5}, "pinnedRank": 0, "sponsor": "Acme"}
Only id, title, items, startsAt and endsAt must be there.

Examples:
  shelfwise campaigns put summer.json`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const given = readCampaigns(file);
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => ({ campaigns: await putAll(client, given) }),
        (answer) => answer.campaigns.map(fateOf).join(''),
      );
    });
  campaigns
    .command('delete')
    .description('Take a campaign off every Home.')
    .argument('<id>', 'of the campaign, as `campaigns list` shows it')
    .addHelpText('after', '\nExamples:\n  shelfwise campaigns delete summer')
    .action(async (id: string, _options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        async (client) => ({
          id,
          ...(await client.request<{ deleted: boolean }>('DELETE', `/v1/campaigns/${encodeURIComponent(id)}`)),
        }),
        () => `${id} is off every Home\n`,
      );
    });
}

type Given = { readonly id: string } & Readonly<Record<string, unknown>>;

/** The campaigns of a file; what is wrong with one of them is the server's to say. */
function readCampaigns(file: string): readonly Given[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${file} does not read as JSON: ${messageOf(error)}`, { cause: error });
  }
  const list: readonly unknown[] = Array.isArray(content) ? content : [content];
  for (const [i, one] of list.entries()) {
    if (one === null || typeof one !== 'object' || !('id' in one) || typeof one.id !== 'string') {
      throw new ShelfwiseError('OPTION_INVALID', `campaign ${i + 1} of ${file} has no id`);
    }
  }
  return list as readonly Given[];
}

async function putAll(client: ApiClient, given: readonly Given[]): Promise<StoredCampaign[]> {
  const stored: StoredCampaign[] = [];
  for (const { id, ...body } of given) {
    stored.push(await client.request<StoredCampaign>('PUT', `/v1/campaigns/${encodeURIComponent(id)}`, body));
  }
  return stored;
}

function fateOf({ fate, campaign, unknownItems }: StoredCampaign): string {
  const unknown =
    unknownItems.length === 0 ? '' : `; the catalogue does not hold ${printable(unknownItems.join(', '))}`;
  return `${campaign.id} is ${fate}${unknown}\n`;
}

function lineOf(campaign: Campaign, nowMs: number): string {
  const { id, title, items, startsAt, endsAt, pinnedRank, sponsor } = campaign;
  const when =
    nowMs < Date.parse(startsAt)
      ? `from ${startsAt}`
      : nowMs < Date.parse(endsAt)
        ? `until ${endsAt}`
        : `over since ${endsAt}`;
  const notes = [
    `${items.length} items`,
    when,
    ...(pinnedRank === undefined ? [] : [`pinned to rank ${pinnedRank}`]),
    ...(sponsor === undefined ? [] : [`sponsored by ${sponsor}`]),
    ...(campaign.audience === undefined ? [] : [`for ${JSON.stringify(campaign.audience)}`]),
  ];
  return `${printable(`${id}  ${title['en'] ?? Object.values(title)[0]}  (${notes.join(', ')})`)}\n`;
}
