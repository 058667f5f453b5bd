/** How a campaign stands on the Home of a listener: a Home of a time at which it runs, which is no visit and in no figure. */
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import type { Campaign, Page } from '../../../src/server/contract.ts';
import { ApiProblem, fetchListener, fetchListeners } from '../shell/api.ts';
import { Cover } from '../shell/cover.tsx';
import { Panel } from '../shell/panel.tsx';
import { problemOf } from '../shell/states.tsx';
import { instantText } from '../shell/times.ts';
import { previewHome } from './api.ts';
import styles from './campaign-preview.module.css';

const SUGGESTED = 20;
const MINUTE_MS = 60_000;

/** A time at which it runs, near now, but not now: a Home of now would be a visit. */
export function previewAtMs({ startsAt, endsAt }: Campaign, nowMs: number): number {
  const first = Date.parse(startsAt);
  const last = Date.parse(endsAt) - 1;
  return Math.min(last, Math.max(first, nowMs + 5 * MINUTE_MS));
}

interface Previewed {
  readonly page: Page;
  readonly listenerId: string;
  readonly atMs: number;
}

function Result({ campaign, previewed }: { readonly campaign: Campaign; readonly previewed: Previewed }) {
  const { page, listenerId, atMs } = previewed;
  const rank = page.shelves.findIndex(({ id }) => id === `from-our-editors:${campaign.id}`);
  return (
    <div className={styles.result}>
      <p role="status">
        {rank >= 0 ? (
          <>
            It stands at place {rank + 1} of {page.shelves.length} on the Home of{' '}
            <Link to="/listeners/$listenerId" params={{ listenerId }}>
              {listenerId}
            </Link>{' '}
            for {instantText(atMs)} UTC.
          </>
        ) : (
          <>
            It is not on the Home of{' '}
            <Link to="/listeners/$listenerId" params={{ listenerId }}>
              {listenerId}
            </Link>{' '}
            for {instantText(atMs)} UTC: it is not for them, too little of it may be shown to them, or its place went to
            other shelves.
          </>
        )}
      </p>
      <ol className={styles.rows} aria-label="The shelves of this Home, top down">
        {page.shelves.map((shelf, index) => (
          <li key={shelf.id} data-campaign={index === rank} aria-current={index === rank ? 'true' : undefined}>
            <span className={styles.place}>{index + 1}</span>
            <span className={styles.title}>
              {shelf.title}
              {shelf.label !== '' && <span className={styles.label}>{shelf.label}</span>}
            </span>
            <span className={styles.cards}>
              {shelf.cards.slice(0, 8).map((card) => (
                <Cover key={card.id} card={card} className={styles.cover ?? ''} />
              ))}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

export function CampaignPreview({ campaign, nowMs }: { readonly campaign: Campaign; readonly nowMs: number }) {
  const [listenerId, setListenerId] = useState('');
  const listId = useId();
  const { data: suggested } = useQuery({
    queryKey: ['listeners', listenerId, SUGGESTED],
    queryFn: ({ signal }) => fetchListeners(listenerId, SUGGESTED, signal),
  });
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: async (id: string): Promise<Previewed> => {
      // A Home makes whoever is not known yet known: a preview must not.
      if ((await fetchListener(id)) === null)
        throw new ApiProblem(
          'LISTENER_NOT_FOUND',
          404,
          `The platform has not met “${id}”.`,
          'Choose a listener it knows.',
        );
      const atMs = previewAtMs(campaign, nowMs);
      return { page: await previewHome(id, 'desktop', new Date(atMs).toISOString()), listenerId: id, atMs };
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (listenerId.trim() !== '') mutate(listenerId.trim());
  };
  return (
    <Panel title="Preview" note="as stored, on a listener’s Home; no visit, in no figure">
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          className={styles.field ?? ''}
          value={listenerId}
          onChange={(event) => setListenerId(event.currentTarget.value)}
          placeholder="listener-0007"
          aria-label="Listener to preview it for"
          list={listId}
          radius="xl"
          autoComplete="off"
        />
        <datalist id={listId}>
          {suggested?.listeners.map(({ id }) => (
            <option key={id} value={id} />
          ))}
        </datalist>
        <Button type="submit" variant="default" radius="xl" loading={isPending} disabled={listenerId.trim() === ''}>
          Preview
        </Button>
      </form>
      {error !== null && (
        <p className={styles.failed} role="alert">
          {problemOf(error).message} {problemOf(error).remedy}
        </p>
      )}
      {data !== undefined && error === null && <Result campaign={campaign} previewed={data} />}
    </Panel>
  );
}
