/** What the data are expected to be: each schema in force, and its history with the way back. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { DataSchemaHistory, SchemaVersion } from '../../../src/server/contract.ts';
import chips from '../shell/chips.module.css';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { agoText, countText, instantText } from '../shell/times.ts';
import type { Notify } from '../shell/use-notices.ts';
import type { DataSearch } from './address.ts';
import { fetchSchema, fetchSchemas } from './api.ts';
import { ChangeButton } from './change-button.tsx';
import { DataLink } from './data-link.tsx';
import styles from './schema.module.css';
import { plainLines, SchemaLines } from './schema-lines.tsx';
import { UndoDialog } from './undo-dialog.tsx';
import { CHANGES, schemaOf, streamName } from './words.ts';

interface SchemaProps {
  readonly search: DataSearch;
  readonly stream: string;
  readonly notify: Notify;
}

/** Lines of a change that are shown at once. */
const MOST_LINES = 400;

export function Schema({ search, stream, notify }: SchemaProps) {
  const { schema = schemaOf(stream), version } = search;
  const schemas = useQuery({ queryKey: ['data', 'schemas'], queryFn: ({ signal }) => fetchSchemas(signal) });
  const exists = schemas.data?.some(({ name }) => name === schema) ?? false;
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['data', 'schema', schema, version],
    queryFn: ({ signal }) => fetchSchema(schema, version, signal),
    enabled: exists,
    placeholderData: keepPreviousData,
  });
  /** What to go back to, and the newest version when that was asked. */
  const [back, setBack] = useState<{ readonly version: number; readonly newest: number }>();
  if (schemas.error !== null) return <Failure failure={schemas.error} onRetry={() => void schemas.refetch()} />;
  if (schemas.data === undefined) return <Skeleton heightPx={420} />;
  if (schemas.data.length === 0)
    return (
      <Message
        title="No schema yet"
        text="That of the examples comes from the declared features; those of events from the first hours of each type."
        remedy="It is there once data were looked at."
      />
    );
  return (
    <>
      <nav className={chips.chips} aria-label="Schemas">
        {schemas.data.map(({ name, version: newest }) => (
          <DataLink
            key={name}
            change={{ schema: name, version: undefined }}
            current={name === schema ? 'true' : undefined}
          >
            {streamName(name)} <span className={styles.version}>{newest}</span>
          </DataLink>
        ))}
      </nav>
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : !exists ? (
        <Message title={`There is no schema “${schema}”`} text="" remedy="Choose one of those above." />
      ) : data === undefined ? (
        <Skeleton heightPx={420} />
      ) : (
        <div className={styles.columns}>
          <Text history={data} />
          <Panel title="History" note={countText(data.versions.length, 'version')}>
            <ol className={styles.history}>
              {data.versions.map((one, at) => (
                <Version
                  key={one.version}
                  name={data.name}
                  version={one}
                  nowMs={dataUpdatedAt}
                  isShown={one.version === data.version}
                  isNewest={at === 0}
                  canUndo={data.versions.length > 1}
                  onBack={() =>
                    setBack({
                      version: at === 0 ? one.version - 1 : one.version,
                      newest: data.versions[0]?.version ?? one.version,
                    })
                  }
                />
              ))}
            </ol>
          </Panel>
        </div>
      )}
      {back !== undefined && data !== undefined && (
        <UndoDialog name={data.name} {...back} notify={notify} onClose={() => setBack(undefined)} />
      )}
    </>
  );
}

function Text({ history }: { readonly history: DataSchemaHistory }) {
  return (
    <Panel
      title={`${streamName(history.name)}, version ${history.version}`}
      note={`${countText(history.features, 'feature')}; as TensorFlow Metadata writes it`}
    >
      <div className={styles.text}>
        <SchemaLines lines={plainLines(history.text)} label={`The schema ${history.name}`} />
      </div>
    </Panel>
  );
}

interface VersionProps {
  readonly name: string;
  readonly version: SchemaVersion;
  readonly nowMs: number;
  readonly isShown: boolean;
  readonly isNewest: boolean;
  readonly canUndo: boolean;
  readonly onBack: () => void;
}

function Version({ name, version, nowMs, isShown, isNewest, canUndo, onBack }: VersionProps) {
  const { version: number, atMs, author, reason, change, features, added, removed } = version;
  const lines = [
    ...removed.map((text) => ({ text, change: 'removed' as const })),
    ...added.map((text) => ({ text, change: 'added' as const })),
  ];
  return (
    <li className={styles.entry} data-shown={isShown}>
      <header>
        <DataLink
          change={{ schema: name, version: isNewest ? undefined : String(number) }}
          current={isShown ? 'true' : undefined}
        >
          Version {number}
        </DataLink>
        <span>
          {CHANGES[change]}
          {author === '' ? '' : ` by ${author}`},{' '}
          <time dateTime={new Date(atMs).toISOString()} title={`${instantText(atMs)} UTC`}>
            {agoText(atMs, nowMs)}
          </time>
        </span>
        {canUndo && (
          <ChangeButton size="compact-xs" variant="default" onClick={onBack}>
            {isNewest ? 'Undo …' : 'Back to this …'}
          </ChangeButton>
        )}
      </header>
      {reason !== '' && <p className={styles.reason}>{reason}</p>}
      {change !== 'derived' && features.length > 0 && (
        <p className={styles.features}>
          {features.slice(0, 8).join(', ')}
          {features.length > 8 && ` and ${features.length - 8} more`}
        </p>
      )}
      {change !== 'derived' && lines.length > 0 && (
        <SchemaLines lines={lines.slice(0, MOST_LINES)} label={`Lines that version ${number} changed`} />
      )}
    </li>
  );
}
