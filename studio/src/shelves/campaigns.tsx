/** The editors' campaigns: which run, which come, which are over; each can be changed, previewed and taken away. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Campaign, CampaignBody } from '../../../src/server/contract.ts';
import { Confirm } from '../shell/confirm.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import { countText, dateText } from '../shell/times.ts';
import type { Notify } from '../shell/use-notices.ts';
import { deleteCampaign, fetchCampaigns, putCampaign } from './api.ts';
import { audienceText, type Standing, standingOf } from './campaign-draft.ts';
import { CampaignForm } from './campaign-form.tsx';
import { CampaignPreview } from './campaign-preview.tsx';
import styles from './campaigns.module.css';

const route = getRouteApi('/shelves');
const KEY = ['campaigns'];
/** What the address calls a campaign that is still to be made. */
const NEW = 'new';
const WAITING = [0, 1, 2] as const;

const STANDING_WORDS: Readonly<Record<Standing, string>> = { running: 'running', coming: 'to come', over: 'over' };
const ORDER: Readonly<Record<Standing, number>> = { running: 0, coming: 1, over: 2 };

export function titleOf({ title, id }: Campaign): string {
  return title['en'] ?? Object.values(title)[0] ?? id;
}

function CampaignLine({ campaign, nowMs }: { readonly campaign: Campaign; readonly nowMs: number }) {
  const standing = standingOf(campaign, nowMs);
  const { pinnedRank, sponsor } = campaign;
  return (
    <li data-standing={standing} data-campaign={campaign.id}>
      <Link to="/shelves" search={{ part: 'campaigns', campaign: campaign.id }} className={styles.line}>
        <span className={styles.names}>
          <span className={styles.title}>{titleOf(campaign)}</span>
          <span className={styles.about}>
            {countText(campaign.items.length, 'item')} for {audienceText(campaign)}
          </span>
        </span>
        <span className={styles.marks}>
          {pinnedRank !== undefined && <span>place {pinnedRank + 1}</span>}
          {sponsor !== undefined && <span>sponsored by {sponsor}</span>}
        </span>
        <span className={styles.when}>
          <span className={styles.standing}>{STANDING_WORDS[standing]}</span>
          <span>
            {dateText(Date.parse(campaign.startsAt))} – {dateText(Date.parse(campaign.endsAt))}
          </span>
        </span>
      </Link>
    </li>
  );
}

/** Changes that are told of at once, and can be taken back. */
function useChanges(notify: Notify, onStored: (id: string) => void) {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  const failed = (failure: unknown, what: string) => {
    const { message, remedy } = problemOf(failure);
    notify({ text: `${what}: ${message} ${remedy}`, bad: true });
  };
  const put = useMutation({
    mutationFn: ({ id, body }: { readonly id: string; readonly body: CampaignBody }) => putCampaign(id, body),
    async onSuccess({ fate, campaign, unknownItems }) {
      await again();
      onStored(campaign.id);
      const missing =
        unknownItems.length === 0 ? '' : ` ${countText(unknownItems.length, 'item')} the catalogue does not hold yet.`;
      notify({
        text:
          fate === 'unchanged'
            ? `“${titleOf(campaign)}” is as it was.`
            : `“${titleOf(campaign)}” is stored: on every Home from now on.${missing}`,
      });
    },
    onError: (failure) => failed(failure, 'It was not stored'),
  });
  const remove = useMutation({
    mutationFn: (campaign: Campaign) => deleteCampaign(campaign.id),
    async onSuccess(_answer, campaign) {
      await again();
      const { id, ...body } = campaign;
      notify({
        text: `“${titleOf(campaign)}” is gone from every Home.`,
        action: { label: 'Undo', run: () => put.mutate({ id, body }) },
      });
    },
    onError: (failure) => failed(failure, 'It was not taken away'),
  });
  return { put, remove };
}

export function Campaigns({ notify }: { readonly notify: Notify }) {
  const { campaign: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => fetchCampaigns(signal),
  });
  const open = (campaign: string | undefined) =>
    void navigate({
      search: { part: 'campaigns', ...(campaign === undefined ? {} : { campaign }) },
      resetScroll: false,
    });
  const { put, remove } = useChanges(notify, open);
  const [doomed, setDoomed] = useState<Campaign>();
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined)
    return (
      <div className={styles.waiting} aria-busy="true">
        {WAITING.map((index) => (
          <Skeleton key={index} heightPx={76} />
        ))}
      </div>
    );
  const known = data.find(({ id }) => id === chosen);
  if (chosen !== undefined && (chosen === NEW || known !== undefined)) {
    return (
      <>
        <CampaignForm
          key={known === undefined ? NEW : `${known.id} ${dataUpdatedAt}`}
          campaign={known}
          taken={data.map(({ id }) => id)}
          nowMs={dataUpdatedAt}
          busy={put.isPending}
          onStore={(id, body) => put.mutate({ id, body })}
          onLeave={() => open(undefined)}
          onRemove={known === undefined ? undefined : () => setDoomed(known)}
        />
        {known !== undefined && <CampaignPreview campaign={known} nowMs={dataUpdatedAt} />}
        {doomed !== undefined && (
          <Confirm
            title={`Take “${titleOf(doomed)}” away?`}
            yes="Take it away"
            onYes={() => {
              remove.mutate(doomed);
              setDoomed(undefined);
              open(undefined);
            }}
            onNo={() => setDoomed(undefined)}
          >
            No Home that is made from then on shows it. It can be undone at once.
          </Confirm>
        )}
      </>
    );
  }
  const sorted = [...data].sort(
    (a, b) =>
      ORDER[standingOf(a, dataUpdatedAt)] - ORDER[standingOf(b, dataUpdatedAt)] ||
      Date.parse(b.startsAt) - Date.parse(a.startsAt),
  );
  return (
    <>
      <div className={styles.head}>
        <p>{countText(data.length, 'campaign')}; times are UTC.</p>
        <Button radius="xl" onClick={() => open(NEW)}>
          New campaign
        </Button>
      </div>
      {chosen !== undefined && (
        <p className={styles.gone} role="status">
          There is no campaign “{chosen}”.
        </p>
      )}
      {sorted.length === 0 ? (
        <Message
          title="No campaigns yet"
          text="A campaign is a row of items of your own choice on the Homes of those it is for."
          remedy="Make the first with the button above."
        />
      ) : (
        <ul className={styles.list}>
          {sorted.map((campaign) => (
            <CampaignLine key={campaign.id} campaign={campaign} nowMs={dataUpdatedAt} />
          ))}
        </ul>
      )}
    </>
  );
}
