/** Items that the same people play, by the embedding that serves. */
import { useQuery } from '@tanstack/react-query';
import { Panel } from '../shell/panel.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import { fetchNeighbours } from './api.ts';
import { ItemCard } from './item-card.tsx';
import styles from './item-grid.module.css';

const SHOWN = 18;
const WAITING_PX = 420;

export function Neighbours({ itemId }: { readonly itemId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['item-neighbours', itemId],
    queryFn: ({ signal }) => fetchNeighbours(itemId, SHOWN, signal),
  });
  return (
    <Panel title="Neighbours" note="played by the same listeners; similarity is the cosine of the vectors" wide>
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton heightPx={WAITING_PX} />
      ) : data.neighbours.length === 0 ? (
        <p className={styles.nothing}>
          {data.embedding === null
            ? 'There is no embedding yet: run “shelfwise fit”.'
            : 'Too few have played it for a vector of its own; the next fit looks again.'}
        </p>
      ) : (
        <ol className={styles.grid}>
          {data.neighbours.map(({ item, similarity }) => (
            <li key={item.id}>
              <ItemCard item={item}>
                <span className={styles.similarity}>
                  <span className={styles.bar} aria-hidden="true">
                    <span style={{ width: `${similarity * 100}%` }} />
                  </span>
                  <span>
                    <span className="visually-hidden">similarity </span>
                    {similarity.toFixed(2)}
                  </span>
                </span>
              </ItemCard>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
