/** Every Home that was made for a listener, newest first: when, for what, which shelves with what chance; and whether it can be recomputed. */
import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { ListenerDecision } from '../../../src/server/contract.ts';
import { Chance } from '../shell/chance.tsx';
import { CheckIcon, CloseIcon, RefreshIcon } from '../shell/icons.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import { agoText, countText, instantText } from '../shell/times.ts';
import { fetchDecisions, replay } from './api.ts';
import styles from './decisions.module.css';

const route = getRouteApi('/listeners/$listenerId');

/** Asks for a recomputation from the record alone, and shows what came of it. */
function Replay({ decisionId }: { readonly decisionId: string }) {
  const { mutate, data, error, isPending } = useMutation({ mutationFn: () => replay(decisionId) });
  const problem = error === null ? undefined : problemOf(error);
  return (
    <div className={styles.replay}>
      <Button
        variant="default"
        size="xs"
        radius="xl"
        loading={isPending}
        leftSection={<RefreshIcon />}
        onClick={() => mutate()}
      >
        Replay
      </Button>
      <p role="status" data-outcome={problem !== undefined ? 'failed' : data?.equal}>
        {problem !== undefined && (
          <>
            {problem.message} {problem.remedy}
          </>
        )}
        {data !== undefined && problem === undefined && (
          <>
            {data.equal ? <CheckIcon /> : <CloseIcon />}
            {data.equal
              ? `Equal, bit for bit: ${countText(data.steps, 'step')} recomputed${data.audited ? ', features and scores compared' : ''}`
              : `First difference: ${data.firstDifference ?? 'not recomputed'}`}
          </>
        )}
      </p>
    </div>
  );
}

interface DecisionProps {
  readonly decision: ListenerDecision;
  readonly listenerId: string;
  readonly nowMs: number;
  /** The one that the address names. */
  readonly named: boolean;
}

function Decision({ decision, listenerId, nowMs, named }: DecisionProps) {
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (named) place.current?.scrollIntoView({ block: 'center' });
  }, [named]);
  const { atMs, decidedAtMs, rows } = decision;
  const forAnother = atMs !== null && Math.abs(atMs - decidedAtMs) > 60_000;
  const facts = [decision.device, decision.market, decision.tier].filter((fact) => fact !== '');
  const cards = rows.reduce((sum, row) => sum + row.cards, 0);
  return (
    <li ref={place} className={styles.decision} data-named={named}>
      <header>
        <div className={styles.when}>
          <h2>{instantText(decidedAtMs)}</h2>
          <p>
            {agoText(decidedAtMs, nowMs)} · {facts.join(' · ')}
            {forAnother && atMs !== null && <> · for {instantText(atMs)}</>}
          </p>
        </div>
        <ul className={styles.marks} aria-label="About this decision">
          <li>{decision.policy}</li>
          <li>
            {countText(rows.length, 'shelf', 'shelves')}, {countText(cards, 'card')}
          </li>
          {decision.servings.length > 1 && <li>sent {decision.servings.length} times</li>}
          {decision.audited && <li>audited</li>}
          {decision.degraded && <li data-bad="true">degraded</li>}
        </ul>
      </header>
      <ol className={styles.rows} aria-label="Its shelves, top down">
        {rows.map((row, rank) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rank is the row's identity
          <li key={rank}>
            <span className={styles.rank}>{rank + 1}</span>
            <span className={styles.kind}>
              {row.kind}
              {row.seed !== null && <span> {row.seed.title}</span>}
            </span>
            {row.carried ? (
              <span className={styles.carried}>kept</span>
            ) : (
              <Chance propensity={row.propensity} forced={row.forced} />
            )}
          </li>
        ))}
      </ol>
      <footer>
        <Replay decisionId={decision.id} />
        <code>{decision.id}</code>
        <Link
          to="/"
          search={{
            listener: listenerId,
            device: decision.device,
            ...(decision.tier === '' ? {} : { tier: decision.tier }),
            ...(/^[A-Z]{2}$/.test(decision.market) ? { market: decision.market } : {}),
            at: new Date(atMs ?? decidedAtMs).toISOString(),
            explain: true as const,
          }}
          className={styles.again}
        >
          A Home for the same moment
        </Link>
        <Link to="/what-if/decision" search={{ decision: decision.id, listener: listenerId }} className={styles.again}>
          What if
        </Link>
      </footer>
    </li>
  );
}

export function Decisions({ listenerId }: { readonly listenerId: string }) {
  const { decision: named = '' } = route.useSearch();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, dataUpdatedAt } = useInfiniteQuery({
    queryKey: ['listener-decisions', listenerId],
    queryFn: ({ pageParam, signal }) => fetchDecisions(listenerId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
  if (error !== null && data === undefined) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton heightPx={560} />;
  const decisions = data.pages.flatMap((page) => page.decisions);
  if (decisions.length === 0)
    return (
      <Message
        title="No Home yet"
        text="No Home was made for this listener, or none that is still in the log."
        remedy="Open the Home, and it will be here."
      />
    );
  const notLoaded = named !== '' && !decisions.some(({ id }) => id === named);
  return (
    <div className={styles.decisions}>
      {notLoaded && (
        <p className={styles.notLoaded} role="status">
          Decision <code>{named}</code> is not among the newest {decisions.length}.
        </p>
      )}
      <ol className={styles.list}>
        {decisions.map((decision) => (
          <Decision
            key={decision.id}
            decision={decision}
            listenerId={listenerId}
            nowMs={dataUpdatedAt}
            named={decision.id === named}
          />
        ))}
      </ol>
      {hasNextPage && (
        <Button
          className={styles.more}
          variant="default"
          radius="xl"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show older decisions
        </Button>
      )}
    </div>
  );
}
