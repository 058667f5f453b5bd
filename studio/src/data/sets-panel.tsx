/** Data sets to look at: streams, the spans of one as a strip of bars, and those that are laid over each other. */
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import type { DataSet } from '../../../src/server/contract.ts';
import chips from '../shell/chips.module.css';
import { CloseIcon } from '../shell/icons.tsx';
import { Panel } from '../shell/panel.tsx';
import { Skeleton } from '../shell/states.tsx';
import { countText, timeText } from '../shell/times.ts';
import { MOST_SETS, toggled } from './address.ts';
import { colourOf } from './colours.ts';
import { DataLink } from './data-link.tsx';
import styles from './sets-panel.module.css';
import { counterparts, newestByStream, type Overview, useSpans } from './use-sets.ts';
import {
  ABOUT_STREAMS,
  anomalyCount,
  EVENT_STREAMS,
  EXAMPLE_STREAMS,
  setFacts,
  setText,
  spanText,
  streamName,
} from './words.ts';

interface SetsPanelProps {
  readonly overview: Overview;
  /** On show, the first being what is looked at. */
  readonly shown: readonly string[];
  /** Whose spans are offered. */
  readonly stream: string;
  /** How many of them are on show: of a whole stream none in particular. */
  readonly use: 'several' | 'one' | 'stream';
  readonly onShow: (sets: readonly string[]) => void;
}

const worstOf = ({ anomalies: { errors, warnings } }: DataSet): 'error' | 'warning' | undefined =>
  errors > 0 ? 'error' : warnings > 0 ? 'warning' : undefined;

export function SetsPanel({ overview, shown, stream, use, onShow }: SetsPanelProps) {
  const spans = useSpans(stream);
  const known = new Map([...(spans.data?.sets ?? []), ...overview.sets].map((set) => [set.id, set]));
  const isSeveral = use === 'several';
  const toggle = (id: string): void => onShow(isSeveral ? toggled(shown, id) : [id]);
  if (use === 'stream') return <Streams overview={overview} stream={stream} />;
  const visible = isSeveral ? shown : shown.slice(0, 1);
  return (
    <Panel
      title="Data sets"
      note={isSeveral ? `up to ${MOST_SETS} over each other, held against the first` : 'one at a time'}
    >
      <Streams overview={overview} stream={stream} />
      {spans.data === undefined ? (
        <Skeleton heightPx={STRIP_PX} />
      ) : (
        <Strip sets={spans.data.sets} shown={visible} isWaiting={spans.isPlaceholderData} onToggle={toggle} />
      )}
      <ul className={styles.chosen} aria-label="On show">
        {visible.map((id, at) => (
          <Chosen
            key={id}
            id={id}
            set={known.get(id)}
            at={at}
            onRemove={visible.length > 1 ? () => onShow(toggled(shown, id)) : undefined}
            onOnly={visible.length > 1 ? () => onShow([id]) : undefined}
          />
        ))}
      </ul>
      {isSeveral && (
        <Against first={known.get(shown[0] ?? '')} known={[...known.values()]} shown={shown} onShow={onShow} />
      )}
    </Panel>
  );
}

const STRIP_PX = 84;

function Streams({ overview, stream }: { readonly overview: Overview; readonly stream: string }) {
  const newest = newestByStream(overview.sets);
  // What is not among the newest may still be there.
  const offered = [...EXAMPLE_STREAMS, ...EVENT_STREAMS].filter(
    (one) => newest.has(one) || one === stream || !overview.isComplete,
  );
  return (
    <nav className={chips.chips} aria-label="Streams">
      {offered.map((one) => {
        const set = newest.get(one);
        const worst = set && worstOf(set);
        return (
          <DataLink
            key={one}
            change={{ stream: one }}
            className={styles.stream}
            current={one === stream ? 'true' : undefined}
            title={`${ABOUT_STREAMS[one] ?? 'events, by the hour in which they occurred'}${set === undefined ? '' : `; the newest: ${anomalyCount(set.anomalies)}`}`}
          >
            {streamName(one)}
            {worst !== undefined && (
              <span className={styles.mark} data-severity={worst}>
                <span className="visually-hidden">, {anomalyCount((set as DataSet).anomalies)}</span>
              </span>
            )}
          </DataLink>
        );
      })}
    </nav>
  );
}

interface StripProps {
  /** Newest first; drawn oldest first. */
  readonly sets: readonly DataSet[];
  readonly shown: readonly string[];
  readonly isWaiting: boolean;
  readonly onToggle: (id: string) => void;
}

function Strip({ sets, shown, isWaiting, onToggle }: StripProps) {
  const strip = useRef<HTMLUListElement>(null);
  const ordered = sets.toReversed();
  const newest = sets[0]?.id;
  const most = Math.max(...sets.map(({ examples }) => examples), 1);
  // The newest stand at the end, and in view.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another stream begins at its end again
  useLayoutEffect(() => {
    const element = strip.current;
    if (element !== null) element.scrollLeft = element.scrollWidth;
  }, [newest]);
  const current = ordered.findLastIndex(({ id }) => shown.includes(id));
  const stop = current < 0 ? ordered.length - 1 : current;
  /** One stop for the Tab key; within it the arrows go. */
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || !(event.target instanceof HTMLElement)) return;
    event.preventDefault();
    const buttons = [...(strip.current?.querySelectorAll('button') ?? [])];
    buttons[buttons.indexOf(event.target as HTMLButtonElement) + step]?.focus();
  };
  if (sets.length === 0) return <p className={styles.none}>Nothing of this stream has been looked at yet.</p>;
  return (
    <ul ref={strip} className={styles.strip} data-waiting={isWaiting} aria-label="Spans" onKeyDown={onKeyDown}>
      {ordered.map((set, index) => {
        const at = shown.indexOf(set.id);
        const before = ordered[index - 1];
        const worst = worstOf(set);
        const isHour = set.span.length > 10;
        const isNewDay = isHour && before?.span.slice(0, 10) !== set.span.slice(0, 10);
        return (
          <li key={set.id}>
            <button
              type="button"
              tabIndex={index === stop ? 0 : -1}
              aria-pressed={at >= 0}
              aria-label={`${spanText(set.span)}: ${setFacts(set)}, ${anomalyCount(set.anomalies)}${set.complete ? '' : ', still filling'}`}
              title={`${spanText(set.span)}: ${setFacts(set)}, ${anomalyCount(set.anomalies)}${set.complete ? '' : '; still filling'}`}
              onClick={() => onToggle(set.id)}
            >
              <span className={styles.well}>
                <span
                  className={styles.bar}
                  data-complete={set.complete}
                  style={{
                    height: `${Math.max(4, (100 * set.examples) / most)}%`,
                    ...(at >= 0 ? { background: colourOf(at), borderColor: colourOf(at) } : {}),
                  }}
                />
                {worst !== undefined && <span className={styles.mark} data-severity={worst} />}
              </span>
              <span className={styles.when} data-day={isNewDay}>
                {isHour ? (isNewDay ? spanText(set.span.slice(0, 10)) : timeText(set.fromMs)) : spanText(set.span)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface ChosenProps {
  readonly id: string;
  readonly set: DataSet | undefined;
  readonly at: number;
  readonly onRemove: (() => void) | undefined;
  readonly onOnly: (() => void) | undefined;
}

function Chosen({ id, set, at, onRemove, onOnly }: ChosenProps) {
  const worst = set && worstOf(set);
  return (
    <li className={styles.set}>
      <span className={styles.dot} style={{ background: colourOf(at) }} aria-hidden="true" />
      <span className={styles.names}>
        <span className={styles.name}>{setText(id)}</span>
        {set !== undefined && (
          <span className={styles.facts}>
            {setFacts(set)} · {countText(set.features, 'feature')} ·{' '}
            <span data-severity={worst}>{anomalyCount(set.anomalies)}</span>
            {!set.complete && ' · still filling'}
            {set.note !== '' && ` · ${set.note}`}
          </span>
        )}
      </span>
      {onOnly !== undefined && (
        <button type="button" className={styles.only} onClick={onOnly} aria-label={`Only ${setText(id)}`}>
          only
        </button>
      )}
      {onRemove !== undefined && (
        <button type="button" className={styles.remove} onClick={onRemove} aria-label={`Without ${setText(id)}`}>
          <CloseIcon />
        </button>
      )}
    </li>
  );
}

interface AgainstProps {
  readonly first: DataSet | undefined;
  readonly known: readonly DataSet[];
  readonly shown: readonly string[];
  readonly onShow: (sets: readonly string[]) => void;
}

/** One click away: what a set is usually held against. */
function Against({ first, known, shown, onShow }: AgainstProps) {
  const offered = first === undefined ? [] : counterparts(first, known).filter(({ set }) => !shown.includes(set.id));
  if (first === undefined || offered.length === 0 || shown.length >= MOST_SETS) return null;
  return (
    <p className={styles.against}>
      Lay over it:
      {offered.map(({ set, name }) => (
        <button key={set.id} type="button" title={setText(set.id)} onClick={() => onShow([...shown, set.id])}>
          {name}
        </button>
      ))}
    </p>
  );
}
