/** The reward models: which one serves, how good it is, whether its chances are true, and what could serve instead. */
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import type { ModelDetail as Detail, Promotion } from '../../../src/server/contract.ts';
import { Confirm } from '../shell/confirm.tsx';
import { NoticeBar } from '../shell/notice-bar.tsx';
import { PageMain } from '../shell/page-main.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import { useNotices } from '../shell/use-notices.ts';
import { downloadOnnx, fetchConfiguration, fetchModels, promoteModel, rollbackModel } from './api.ts';
import { Configuration } from './configuration.tsx';
import { ModelDetail } from './model-detail.tsx';
import { ModelList } from './model-list.tsx';
import styles from './models-page.module.css';
import { TrainForm } from './train-form.tsx';
import { canUndo, familyName, modelName } from './words.ts';

const route = getRouteApi('/models');
const EVERY_MS = 5000;

export function ModelsPage() {
  const { model: asked, train = false } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const { notice, notify, dismiss } = useNotices();
  const models = useQuery({
    queryKey: ['models'],
    queryFn: async ({ signal }) => ({ ...(await fetchModels(signal)), nowMs: Date.now() }),
    refetchInterval: EVERY_MS,
  });
  const configuration = useQuery({
    queryKey: ['configuration'],
    queryFn: ({ signal }) => fetchConfiguration(signal),
    refetchInterval: EVERY_MS,
  });
  const [promoting, setPromoting] = useState<Detail>();
  const [rollingBack, setRollingBack] = useState(false);

  const served = async ({ family }: Promotion, isUndoable: boolean): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['models'] });
    await queries.invalidateQueries({ queryKey: ['model'] });
    notify({
      text: `${familyName(family)} serves from the next Home on.`,
      ...(isUndoable ? { action: { label: 'Undo', run: () => rollback.mutate() } } : {}),
    });
  };
  const failed = (failure: unknown): void => {
    const { message, remedy } = problemOf(failure);
    notify({ text: `${message} ${remedy}`, bad: true });
  };
  const promotion = useMutation({
    mutationFn: promoteModel,
    onSuccess: (made) => served(made, canUndo(made)),
    onError: failed,
  });
  // A rollback is not undone by another one, which would go a step further back.
  const rollback = useMutation({
    mutationFn: rollbackModel,
    onSuccess: (made) => served(made, false),
    onError: failed,
  });
  const busy = promotion.isPending || rollback.isPending;

  const list = models.data?.models ?? [];
  const serving = list.find(({ serves }) => serves);
  const canRollBack = (models.data?.rollback ?? '') !== '';
  const shown = asked ?? serving?.hash ?? list[0]?.hash;
  const nowMs = models.data?.nowMs ?? 0;
  const leaveForm = (hash: string | undefined): void =>
    void navigate({ search: hash === undefined ? {} : { model: hash }, replace: true });
  return (
    <PageMain
      title="Models"
      lead={
        serving === undefined
          ? 'What scores cards, how well, and why.'
          : `${modelName(serving)} scores every card of every Home.`
      }
      actions={
        <>
          {canRollBack && (
            <Button variant="default" radius="xl" disabled={busy} onClick={() => setRollingBack(true)}>
              Roll back
            </Button>
          )}
          {!train && (
            <Button radius="xl" onClick={() => void navigate({ search: { train: true } })}>
              Train a model
            </Button>
          )}
        </>
      }
    >
      {configuration.data !== undefined && <Configuration status={configuration.data} nowMs={nowMs} />}
      {train && models.data !== undefined && (
        <TrainForm
          families={models.data.families}
          onTrained={(trained) => {
            void queries.invalidateQueries({ queryKey: ['models'] });
            notify({ text: `${modelName(trained)} is trained${trained.promoted ? ', and serves' : ''}.` });
            leaveForm(trained.hash);
          }}
          onLeave={() => leaveForm(undefined)}
        />
      )}
      {models.data === undefined && models.error !== null ? (
        <Failure failure={models.error} onRetry={() => void models.refetch()} />
      ) : models.data === undefined ? (
        <div className={styles.columns} aria-busy="true">
          <Skeleton heightPx={320} />
          <Skeleton heightPx={520} />
        </div>
      ) : shown === undefined ? (
        <Message
          title="No model yet"
          text="Cards are scored by popularity until there is one."
          remedy="Let the platform fit itself to what was played (shelfwise fit), or train a model here."
        />
      ) : (
        <div className={styles.columns}>
          <ModelList models={list} shown={shown} nowMs={nowMs} />
          <ModelDetail
            key={shown}
            hash={shown}
            nowMs={nowMs}
            busy={busy}
            onPromote={setPromoting}
            onExport={({ hash }) => void downloadOnnx(hash).catch(failed)}
          />
        </div>
      )}
      {promoting !== undefined && (
        <Confirm
          title={`Serve ${modelName(promoting)}?`}
          yes="Serve it"
          onYes={() => {
            promotion.mutate(promoting.hash);
            setPromoting(undefined);
          }}
          onNo={() => setPromoting(undefined)}
        >
          Every Home is scored by it from the next one on. No page that stands is changed, and it can be undone at once.
        </Confirm>
      )}
      {rollingBack && (
        <Confirm
          title="Serve again what served before?"
          yes="Roll back"
          onYes={() => {
            rollback.mutate();
            setRollingBack(false);
          }}
          onNo={() => setRollingBack(false)}
        >
          The model that served before the last change scores every Home from the next one on.
        </Confirm>
      )}
      <NoticeBar notice={notice} onDone={dismiss} />
    </PageMain>
  );
}
