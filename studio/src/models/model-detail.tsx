/** One model: how good it is and where, whether its chances are true, what it goes by, what it was made of. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ModelDetail as Detail } from '../../../src/server/contract.ts';
import styles from '../shell/figures.module.css';
import { Panel } from '../shell/panel.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import { agoText } from '../shell/times.ts';
import { fetchModel } from './api.ts';
import { Importance } from './importance.tsx';
import { Lineage } from './lineage.tsx';
import { Reliability } from './reliability.tsx';
import { rowsText, Slices } from './slices.tsx';
import { figureText, MEASURES, modelName, originText, standing } from './words.ts';

interface ModelDetailProps {
  readonly hash: string;
  readonly nowMs: number;
  readonly busy: boolean;
  readonly onPromote: (model: Detail) => void;
  readonly onExport: (model: Detail) => void;
}

const WAITING_PX = [150, 360, 300] as const;
/** The model that serves may learn: it is looked at again. */
const EVERY_MS = 15_000;

function Numbers({ quality }: { readonly quality: NonNullable<Detail['quality']> }) {
  return (
    <dl className={styles.numbers}>
      {MEASURES.map((measure) => {
        const { id, name, about, digits } = measure;
        const value = quality.model[id];
        const baseline = quality.serving?.[id] ?? quality.constant[id];
        return (
          <div key={id} title={about}>
            <dt>{name}</dt>
            <dd data-standing={standing(measure, value, baseline)}>
              {figureText(value, digits)}
              <span>
                {quality.serving === null ? 'constant rate' : 'served then'} {figureText(baseline, digits)}
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function stateText({ serves, servedAtMs, learnsOnline, origin }: Detail, nowMs: number): string {
  const state = serves
    ? `serves${servedAtMs === null ? '' : ` since ${agoText(servedAtMs, nowMs)}`}${learnsOnline ? ', and learns from every reward' : ''}`
    : servedAtMs === null
      ? 'has never served'
      : `last served ${agoText(servedAtMs, nowMs)}`;
  return `${originText(origin)}; ${state}`;
}

export function ModelDetail({ hash, nowMs, busy, onPromote, onExport }: ModelDetailProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ['model', hash],
    queryFn: ({ signal }) => fetchModel(hash, signal),
    refetchInterval: EVERY_MS,
  });
  if (data === undefined && error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined)
    return (
      <div className={styles.panels} aria-busy="true">
        {WAITING_PX.map((heightPx) => (
          <div key={heightPx} className={styles.wide}>
            <Skeleton heightPx={heightPx} />
          </div>
        ))}
      </div>
    );
  return (
    <div className={styles.panels}>
      <Panel
        title={modelName(data)}
        note={stateText(data, nowMs)}
        wide
        actions={
          <>
            {data.exportable && (
              <Button variant="default" size="compact-md" radius="xl" onClick={() => onExport(data)}>
                ONNX
              </Button>
            )}
            {!data.serves && (
              <Button
                size="compact-md"
                radius="xl"
                disabled={busy || !data.usable}
                title={data.usable ? undefined : 'It was made of features of another version'}
                onClick={() => onPromote(data)}
              >
                Serve this one
              </Button>
            )}
          </>
        }
      >
        {data.quality === null ? (
          <p className={styles.none}>
            {data.learnsOnline
              ? 'It has hardly learnt from decisions yet. Its figures come with the rewards: each is predicted before it is learnt from.'
              : 'It was not measured. Models that are trained from decisions are: on rows that they have not learnt from.'}
          </p>
        ) : (
          <>
            <Numbers quality={data.quality} />
            <p className={styles.none}>{rowsText(data.quality, data.origin)}</p>
          </>
        )}
      </Panel>
      {data.reliability.length > 0 && (
        <Panel title="Calibration" note="observed, where so much was predicted">
          <Reliability bins={data.reliability} serving={data.servingReliability} />
        </Panel>
      )}
      {data.importance.length > 0 && (
        <Panel title="What it goes by" note="mean |contribution| to a score">
          <Importance importance={data.importance} />
        </Panel>
      )}
      {data.slices.length > 0 && (
        <Panel title="By slice" note="small figures are the baseline’s" wide>
          <Slices slices={data.slices} />
        </Panel>
      )}
      {data.lineage !== null && (
        <Panel title="Made of" wide>
          <Lineage model={data} />
        </Panel>
      )}
    </div>
  );
}
